//! The tree of a command, found at run time.
//!
//! A copied or moved clone has its old build results, which cargo takes for fresh: a path that
//! was compiled in would be that of the old clone.

use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// Cargo sets it for `cargo run` and `cargo test`.
const PACKAGE: &str = "CARGO_MANIFEST_DIR";

/// Files that mark a tree of Postern, from its root on.
const MARKS: [&str; 2] = ["init/system.toml", "tools/xtask/Cargo.toml"];

/// The root of the workspace: around the package that cargo runs, else around the current folder.
///
/// # Errors
/// When neither is in a tree of Postern.
pub fn find_root() -> Result<PathBuf> {
    let package = std::env::var_os(PACKAGE).map(PathBuf::from);
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    around(package.as_deref(), &here)
}

/// The root of the workspace; without a tree the current folder. Commands call [`find_root`]
/// first, to report the error.
pub fn root() -> PathBuf {
    find_root().unwrap_or_else(|_| PathBuf::from("."))
}

fn around(package: Option<&Path>, here: &Path) -> Result<PathBuf> {
    let starts = package.into_iter().chain([here]);
    let mut folders = starts.flat_map(Path::ancestors);
    let is_root = |folder: &&Path| MARKS.iter().all(|file| folder.join(file).is_file());
    folders.find(is_root).map(Path::to_owned).with_context(|| {
        format!(
            "{} is in no tree of Postern: no folder around it has {}; go into your clone first",
            here.display(),
            MARKS.join(" and ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{MARKS, around};
    use std::path::Path;

    fn tree(root: &Path) {
        for mark in MARKS {
            let file = root.join(mark);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        std::fs::create_dir_all(root.join("tools/qemu")).unwrap();
    }

    #[test]
    fn the_package_that_cargo_runs_comes_before_the_current_folder() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        tree(&one);
        tree(&two);
        assert_eq!(around(Some(&one.join("tools/qemu")), &two).unwrap(), one);
        assert_eq!(around(None, &two.join("tools/qemu")).unwrap(), two);
        // Another project's package, whose tests start a program of ours.
        assert_eq!(around(Some(folder.path()), &two).unwrap(), two);
    }

    #[test]
    fn a_tree_inside_of_another_is_a_tree_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("target/copy");
        tree(folder.path());
        tree(&inner);
        assert_eq!(around(None, &inner.join("tools")).unwrap(), inner);
    }

    #[test]
    fn a_place_outside_of_any_tree_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = around(None, folder.path()).unwrap_err().to_string();
        assert!(error.contains(&folder.path().display().to_string()), "{error}");
        assert!(error.contains("go into your clone"), "{error}");
    }
}
