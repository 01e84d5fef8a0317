//! Marks of what passed: a step whose inputs have not changed since then need not run again.
//!
//! The inputs are the files of some packages and of all that they depend on, `Cargo.lock`, and
//! words of the step, such as the version of its tool.

use crate::metadata::{self, Package};
use crate::workspace;
use anyhow::Result;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// The mark of a step, for its inputs of now.
pub(crate) struct Mark {
    file: PathBuf,
    inputs: String,
}

impl Mark {
    /// The mark of the step with this name.
    pub(crate) fn of(name: &str, packages: &[&str], words: &[&str]) -> Result<Self> {
        let root = workspace::root();
        let all = metadata::packages()?;
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        fs_err::read(root.join("Cargo.lock"))?.hash(&mut hasher);
        for folder in folders(packages, &all) {
            hash(&root.join(folder), &mut hasher)?;
        }
        let file = workspace::target().join("unchanged").join(name.replace([' ', '/'], "-"));
        Ok(Self { file, inputs: format!("{:016x}", hasher.finish()) })
    }

    /// Whether the step passed with these inputs.
    pub(crate) fn is_set(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|inputs| inputs == self.inputs)
    }

    /// Notes that it did.
    pub(crate) fn set(&self) -> Result<()> {
        workspace::write(&self.file, &self.inputs)
    }
}

/// The folders of these packages and of all packages of ours that they depend on.
fn folders<'a>(names: &[&str], all: &'a [Package]) -> BTreeSet<&'a Path> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = names.to_vec();
    while let Some(name) = open.pop() {
        if let Some(package) = all.iter().find(|package| package.name == name)
            && found.insert(package.folder.as_path())
        {
            open.extend(package.dependencies.iter().map(|dependency| dependency.name.as_str()));
        }
    }
    found
}

/// Adds the names and contents of all files below the folder.
fn hash(folder: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    for file in workspace::files(folder, &[""])? {
        file.hash(hasher);
        fs_err::read(&file)?.hash(hasher);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{DefaultHasher, Mark, folders, hash, workspace};
    use crate::metadata::{Dependency, Package};
    use std::hash::Hasher as _;
    use std::path::Path;

    #[test]
    fn a_mark_holds_for_its_inputs_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("marks/step");
        let mark = |inputs: &str| Mark { file: file.clone(), inputs: inputs.into() };
        assert!(!mark("a").is_set());
        mark("a").set().unwrap();
        assert!(mark("a").is_set() && !mark("b").is_set());
    }

    #[test]
    fn inputs_are_those_of_the_dependencies_too() {
        let package = |name: &str, needs: &[&str]| Package {
            name: name.into(),
            folder: name.into(),
            dependencies: needs
                .iter()
                .map(|name| Dependency { name: (*name).into(), ..Dependency::default() })
                .collect(),
            ..Package::default()
        };
        let all = [package("a", &["b", "serde"]), package("b", &["a"]), package("c", &["b"])];
        let found = folders(&["a"], &all);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [Path::new("a"), Path::new("b")]);
    }

    #[test]
    fn every_file_below_a_folder_counts() {
        let folder = tempfile::tempdir().unwrap();
        let now = || {
            let mut hasher = DefaultHasher::new();
            hash(folder.path(), &mut hasher).unwrap();
            hasher.finish()
        };
        let (file, empty) = (folder.path().join("src/a.rs"), now());
        let write = |text: &str| workspace::write(&file, text).unwrap();
        write("1");
        let one = now();
        write("2");
        assert!(empty != one && one != now());
        write("1");
        assert_eq!(now(), one);
    }
}
