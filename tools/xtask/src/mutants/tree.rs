//! The copy of the sources that faults are put into.

use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// What is never copied.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// Makes the copy like the original. Files that are the same keep their time, so that cargo
/// does not build them again.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut expected = Vec::new();
    copy_folder(from, to, &mut expected).with_context(|| format!("copying to {}", to.display()))?;
    remove_others(to, &expected)
}

fn copy_folder(from: &Path, to: &Path, expected: &mut Vec<PathBuf>) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let place = to.join(&name);
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &place, expected)?;
        } else {
            write_if_other(&place, &fs::read(entry.path())?)?;
        }
        expected.push(place);
    }
    Ok(())
}

fn remove_others(folder: &Path, expected: &[PathBuf]) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !expected.contains(&path) {
            if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        } else if path.is_dir() {
            remove_others(&path, expected)?;
        }
    }
    Ok(())
}

/// Writes a file unless it says so already.
pub(super) fn write_if_other(file: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(file).ok().as_deref() != Some(bytes) {
        fs::write(file, bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::copy;
    use std::fs;

    #[test]
    fn the_copy_follows_the_original() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("a/target")).unwrap();
        fs::write(from.join("a/one"), "1").unwrap();
        copy(&from, &to).unwrap();
        assert!(to.join("a/one").exists() && !to.join("a/target").exists());
        fs::remove_file(from.join("a/one")).unwrap();
        fs::write(from.join("two"), "2").unwrap();
        copy(&from, &to).unwrap();
        assert!(!to.join("a/one").exists() && to.join("two").exists());
    }
}
