//! Machines whose volume has programs in `/bin`, as `cargo xtask install` puts them there.

use crate::with_machine;
use anyhow::Result;
use qemu_harness::{Backend, Controller, Disk, Format, Images, Machine, Session, VOLUME_BYTES};
use std::path::{Path, PathBuf};
use volume_image::Image;

/// What `cargo xtask run` gives a machine.
const MEMORY_MIB: u32 = 256;

/// Runs a test at the prompt of a machine with these programs of the tests, and these files.
///
/// # Panics
/// As [`with_machine`].
pub fn with_programs(
    name: &str,
    programs: &[&str],
    files: &[(&str, &[u8])],
    test: impl FnOnce(&mut Session) -> Result<()>,
) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error:#}"));
    let made = volume(folder.path(), programs, files);
    let file = made.unwrap_or_else(|error| panic!("{error:#}"));
    let disk = |machine: &mut Machine| {
        machine.memory_mib = MEMORY_MIB;
        let backend = Backend::File { file, format: Format::Raw, kept: true };
        machine.disks = vec![Disk { controller: Controller::Virtio, backend }];
        Ok(())
    };
    with_machine(name, disk, test);
}

fn volume(folder: &Path, programs: &[&str], files: &[(&str, &[u8])]) -> Result<PathBuf> {
    let file = folder.join("volume.img");
    Image::format(&file, VOLUME_BYTES)?;
    let mut image = Image::open(&file)?;
    for directory in ["/bin", "/home", "/tmp"] {
        image.make_directories(directory)?;
    }
    for program in programs {
        image.write(&format!("/bin/{program}"), &Images::get()?.program(program)?)?;
    }
    for (path, content) in files {
        let directory = path.rsplit_once('/').map_or("/", |(directory, _)| directory);
        image.make_directories(directory)?;
        image.write(path, content)?;
    }
    image.close()?;
    Ok(file)
}
