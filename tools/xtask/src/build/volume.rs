//! The system's volume: an image with the files of `init/files`, and the documents.

use crate::workspace;
use anyhow::{Context as _, Result};
use std::path::Path;
use volume_image::{Format, Image, put_tree};

/// What is on every new volume, from the root on.
const FILES: &str = "init/files";
/// Programs that go to `/bin`, in the folder of images.
pub(crate) const INSTALLED: &str = "installed";
/// Documents that go to `/doc`.
const DOCUMENTS: [&str; 2] = ["README.md", "ARCHITECTURE.md"];
/// Directories that a new volume has, also where nothing is in them.
const DIRECTORIES: [&str; 7] = ["/bin", "/boot", "/doc", "/etc/ssh", "/home", "/tmp", "/var/log"];

/// Makes a volume of this size with the system's files. The image appears when it is complete: a
/// machine may have the one before open.
pub(crate) fn make(file: &Path, bytes: u64, format: Format) -> Result<()> {
    let mut name = file.file_name().context("an image has a name")?.to_owned();
    name.push(format!(".{}.draft", std::process::id()));
    let draft = file.with_file_name(name);
    let made = fill(&draft, bytes, format).and_then(|()| Ok(fs_err::rename(&draft, file)?));
    if made.is_err() {
        // Where nothing was made there is nothing to remove.
        let _ = fs_err::remove_file(&draft);
    }
    made
}

fn fill(file: &Path, bytes: u64, format: Format) -> Result<()> {
    Image::format_as(file, bytes, format)?;
    let mut image = Image::open(file)?;
    for directory in DIRECTORIES {
        image.make_directories(directory)?;
    }
    let root = workspace::root();
    put_tree(&mut image, &root.join(FILES), "/")?;
    for document in DOCUMENTS {
        image.write(&format!("/doc/{document}"), &fs_err::read(root.join(document))?)?;
    }
    let installed = workspace::target().join("image").join(INSTALLED);
    if installed.exists() {
        put_tree(&mut image, &installed, "/bin")?;
    }
    image.close()
}
