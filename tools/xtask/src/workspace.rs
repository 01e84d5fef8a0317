//! Paths: the repository, the target folder, the user's cache.

use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

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

/// Writes a file below a test's folder, and makes the folders that it needs.
#[cfg(test)]
pub(crate) fn write_test_file(root: &std::path::Path, file: &str, text: &str) {
    let file = root.join(file);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}
