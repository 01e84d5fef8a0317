//! Paths: the repository, the target folder, the user's cache.

use anyhow::{Context as _, Result};
use fs_err as fs;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders without files of ours.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// The root of the repository, found when the command runs.
///
/// # Errors
/// When the current folder is in no tree of Postern.
pub(crate) fn find() -> Result<PathBuf> {
    qemu_harness::find_root()
}

/// The root, after [`find`] succeeded.
pub(crate) fn root() -> PathBuf {
    qemu_harness::root()
}

/// The folder of all build results.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Cargo's folder of intermediate files; clones may share one.
pub(crate) fn build_folder() -> PathBuf {
    std::env::var_os("CARGO_BUILD_BUILD_DIR").map_or_else(target, PathBuf::from)
}

/// The user's cache of this project, for what is slow to build and the same in each clone.
pub(crate) fn cache() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => home()?.join(".cache"),
    };
    Ok(base.join("postern"))
}

/// The user's home folder.
pub(crate) fn home() -> Result<PathBuf> {
    let home = std::env::var_os("HOME").filter(|path| !path.is_empty());
    home.map(PathBuf::from).context("HOME is not set; set it to your home folder")
}

/// The cargo that started this command, for builds for the host.
pub(crate) fn host_cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command
}

/// The files below a folder whose paths end with one of these, in order. Build results are left
/// out.
pub(crate) fn files(folder: &Path, ends: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if !entry.file_type()?.is_dir() {
            let name = path.to_string_lossy();
            files.extend(ends.iter().any(|end| name.ends_with(end)).then(|| path.clone()));
        } else if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            files.extend(self::files(&path, ends)?);
        }
    }
    files.sort();
    Ok(files)
}

/// The same files with their texts, named from the folder on.
pub(crate) fn texts(folder: &Path, ends: &[&str]) -> Result<Vec<(PathBuf, String)>> {
    let text = |file: PathBuf| {
        let name = file.strip_prefix(folder).unwrap_or(&file).to_owned();
        Ok((name, fs::read_to_string(&file)?))
    };
    files(folder, ends)?.into_iter().map(text).collect()
}

/// Writes a file, and makes its folder, unless it has this content already.
pub(crate) fn write(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == content.as_ref()) {
        return Ok(());
    }
    fs::create_dir_all(file.parent().unwrap_or(file))?;
    Ok(fs::write(file, content)?)
}

/// Whether the file is there and not older than any of its sources.
pub(crate) fn is_current(file: &Path, sources: &[&Path]) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    let made = changed(file);
    made.is_some() && sources.iter().all(|source| changed(source) <= made)
}

#[cfg(test)]
mod tests {
    use super::{files, is_current, write};
    use std::path::Path;

    #[test]
    fn files_are_found_by_their_ends_in_order_without_build_results() {
        let folder = tempfile::tempdir().unwrap();
        let place = |file: &str| folder.path().join(file);
        for file in ["b/c.rs", "a.rs", "a.md", "b/target/d.rs"] {
            write(&place(file), "").unwrap();
        }
        assert_eq!(files(folder.path(), &[".rs"]).unwrap(), [place("a.rs"), place("b/c.rs")]);
        assert_eq!(files(folder.path(), &[""]).unwrap().len(), 3);
        let error = files(&place("no"), &[""]).unwrap_err().to_string();
        assert!(error.contains(&place("no").display().to_string()), "{error}");
    }

    #[test]
    fn a_file_is_current_until_a_source_is_newer() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new, none] = ["old", "new", "none"].map(|name| folder.path().join(name));
        write(&old, "").unwrap();
        while !is_current(&new, &[&old]) || is_current(&old, &[&new]) {
            fs_err::write(&new, "").unwrap();
        }
        assert!(!is_current(&none, &[]) && is_current(&old, &[Path::new("no source")]));
    }
}
