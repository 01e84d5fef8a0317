//! Whole folders of the host.

use crate::Image;
use anyhow::Result;
use std::path::Path;

/// Copies a file or a folder with all that is in it to this path of the image: the number of files.
///
/// # Errors
/// What cannot be read or written, with its path.
pub fn put_tree(image: &mut Image, from: &Path, to: &str) -> Result<u64> {
    if !from.is_dir() {
        image.write(to, &fs_err::read(from)?)?;
        return Ok(1);
    }
    image.make_directories(to)?;
    let mut entries = fs_err::read_dir(from)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs_err::DirEntry::file_name);
    let mut count = 0;
    for entry in entries {
        let name = entry.file_name();
        let path = format!("{}/{}", to.trim_end_matches('/'), name.to_string_lossy());
        count += put_tree(image, &entry.path(), &path)?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::put_tree;
    use crate::{Format, Image};

    #[test]
    fn a_folder_is_put_and_read_again_after_the_image_was_closed() {
        [Format::Ext4, Format::Fat].into_iter().for_each(put_and_read);
    }

    fn put_and_read(format: Format) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.img");
        let tree = folder.path().join("tree");
        std::fs::create_dir_all(tree.join("bin/deep")).unwrap();
        std::fs::write(tree.join("a"), b"one").unwrap();
        let big: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        std::fs::write(tree.join("bin/deep/big"), &big).unwrap();
        Image::format_as(&file, 32 << 20, format).unwrap();
        let mut image = Image::open(&file).unwrap();
        assert_eq!(put_tree(&mut image, &tree, "/x").unwrap(), 2);
        image.write("/x/a", b"two").unwrap();
        image.close().unwrap();
        let mut image = Image::open(&file).unwrap();
        assert_eq!(image.read("/x/bin/deep/big").unwrap(), big);
        assert_eq!(image.read("/x/a").unwrap(), b"two", "it was replaced");
        let names: Vec<_> = image.list("/x").unwrap().into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["a", "bin"]);
        image.remove("/x/a").unwrap();
        let said = image.read("/x/a").unwrap_err().to_string();
        assert!(said.contains("/x/a: no such file"), "{said}");
        assert!(image.check().unwrap() >= 4);
        image.close().unwrap();
    }

    #[test]
    fn an_image_that_is_open_is_marked_for_a_replay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.img");
        Image::format(&file, 32 << 20).unwrap();
        // The feature "needs recovery" of the superblock.
        let is_marked = || std::fs::read(&file).unwrap()[1024 + 0x60] & 4 != 0;
        assert!(!is_marked());
        let mut image = Image::open(&file).unwrap();
        image.write("/a", b"one").unwrap();
        assert!(is_marked(), "a crash here must be followed by a replay");
        drop(image);
        assert!(is_marked());
        let mut image = Image::open(&file).unwrap();
        assert_eq!(image.read("/a").unwrap(), b"one");
        image.close().unwrap();
        assert!(!is_marked());
    }

    #[test]
    fn what_is_no_volume_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("zero.img");
        std::fs::write(&file, vec![0; 1 << 20]).unwrap();
        let said = Image::open(&file).unwrap_err().to_string();
        assert!(said.contains("zero.img is no ext4 volume"), "{said}");
        assert!(said.contains("cargo xtask disk format"), "{said}");
        let small = Image::format(&file, 1 << 20).unwrap_err().to_string();
        assert!(small.contains("at least"), "{small}");
    }
}
