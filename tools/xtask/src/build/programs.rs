//! Which user programs are built, and for which target.
//!
//! Ordinary programs use no vector registers. A package chooses another target of
//! `libsys/targets` in its Cargo.toml:
//!
//! ```toml
//! [package.metadata.postern]
//! target = "x86_64-postern-float"
//! ```

use super::archive;
use crate::metadata::Package;
use anyhow::{Result, ensure};
use manifest::System;
use qemu_harness::{OTHER_TARGETS, TARGET};
use std::collections::BTreeMap;
use std::path::Path;

/// Programs that are built together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Programs {
    /// Their target.
    pub(super) target: String,
    /// Their packages, each with a program of the same name.
    pub(super) names: Vec<String>,
}

/// The programs to build: init, the manifest's, the self-tests, the test programs.
pub(super) fn wanted(packages: &[Package], system: &System, tests: bool) -> Vec<String> {
    let mut names = archive::program_names(system);
    if tests {
        let folder = Path::new("tests/programs");
        let in_folder = |package: &&Package| package.folder.starts_with(folder);
        // The folder has interfaces, too.
        let is_program = |package: &&Package| package.program(&package.name).is_some();
        let tests = packages.iter().filter(in_folder).filter(is_program);
        names.extend(tests.map(|package| package.name.clone()));
    }
    names
}

/// The same by target.
///
/// # Errors
/// When a package chooses a target that does not exist.
pub(super) fn by_target(packages: &[Package], names: Vec<String>) -> Result<Vec<Programs>> {
    let mut groups = BTreeMap::<&str, Vec<String>>::new();
    for name in names {
        let package = packages.iter().find(|package| package.name == name);
        let target = package.and_then(|package| package.target.as_deref()).unwrap_or(TARGET);
        ensure!(
            target == TARGET || OTHER_TARGETS.contains(&target),
            "{name}: its Cargo.toml chooses the target {target}; there are {TARGET} (the default), {}",
            OTHER_TARGETS.join(", ")
        );
        groups.entry(target).or_default().push(name);
    }
    let group = |(target, names): (&str, _)| Programs { target: target.to_owned(), names };
    Ok(groups.into_iter().map(group).collect())
}

#[cfg(test)]
mod tests {
    use super::{Programs, by_target};
    use crate::metadata::Package;
    use qemu_harness::{OTHER_TARGETS, TARGET};

    fn package(name: &str, target: Option<&str>) -> Package {
        Package { name: name.into(), target: target.map(str::to_owned), ..Package::default() }
    }

    #[test]
    fn programs_are_grouped_by_the_target_they_choose() {
        let float = OTHER_TARGETS[0];
        let packages = [package("a", None), package("b", Some(float)), package("c", None)];
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let group = |target: &str, names: &[&str]| Programs {
            target: target.into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let wanted = [group(float, &["b"]), group(TARGET, &["a", "c"])];
        assert_eq!(by_target(&packages, names).unwrap(), wanted);
    }

    #[test]
    fn a_target_that_there_is_not_is_named_with_its_package() {
        let error = by_target(&[package("a", Some("vax"))], vec!["a".into()]).unwrap_err();
        assert!(error.to_string().starts_with("a: ") && error.to_string().contains("vax"));
    }
}
