//! The tests that run on the host: those of a plain `cargo test`, and those of the
//! libraries of user space.

use super::{Results, libtest};
use crate::metadata::{self, Package};
use crate::{step, workspace};
use anyhow::Result;
use std::process::Command;

/// The package of the system tests, which need QEMU.
pub(super) const SYSTEM_TESTS: &str = "system-tests";

/// The tests of a package whose programs run on the bare machine.
const PARTS: [(&str, &[&str]); 2] = [
    ("running the host tests of user space", &["--lib", "--test", "*"]),
    ("running the examples of user space's libraries", &["--doc"]),
];

/// Runs all tests of the default members, and the library tests and examples of the packages
/// for the bare machine.
pub(super) fn run(filter: &str) -> Result<Results> {
    let packages = metadata::packages()?;
    let all = &mut test_command(&default_members(&packages), &[], filter);
    let mut results = run_command("running the host tests", all)?;
    let libraries = user_libraries(&packages);
    if !libraries.is_empty() {
        for (what, options) in PARTS {
            let more = run_command(what, &mut test_command(&libraries, options, filter))?;
            results.passed += more.passed;
            results.failures.extend(more.failures);
        }
    }
    Ok(results)
}

fn default_members(packages: &[Package]) -> Vec<String> {
    let wanted = |package: &&Package| package.default_member && package.name != SYSTEM_TESTS;
    packages.iter().filter(wanted).map(|package| package.name.clone()).collect()
}

/// Packages for the bare machine with a library.
fn user_libraries(packages: &[Package]) -> Vec<String> {
    let wanted = |package: &&Package| {
        !package.default_member && package.targets.iter().any(|target| target.kind == "lib")
    };
    packages.iter().filter(wanted).map(|package| package.name.clone()).collect()
}

/// `cargo test` with the user's own toolchain.
pub(crate) fn test_command(packages: &[String], options: &[&str], filter: &str) -> Command {
    let mut command = workspace::host_cargo();
    command.args(["test", "--no-fail-fast"]).args(options);
    command.args(packages.iter().flat_map(|name| ["-p", name.as_str()]));
    if !filter.is_empty() {
        command.args(["--", filter]);
    }
    command
}

/// Runs `cargo test` and counts; shows its output when something failed.
pub(crate) fn run_command(what: &str, command: &mut Command) -> Result<Results> {
    let step = step::Step::begin(what);
    let output = step::capture(command, |line| step.detail(line))?;
    step.end();
    let results = libtest::parse(&output.text, output.success);
    if results.failed() > 0 {
        step::show(&output.text);
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::{default_members, user_libraries};
    use crate::metadata::{Package, Target};

    fn package(name: &str, folder: &str, kinds: &[&str], default_member: bool) -> Package {
        let target = |kind: &&str| Target {
            name: name.into(),
            kind: (*kind).into(),
            file: "src/lib.rs".into(),
        };
        Package {
            name: name.into(),
            folder: folder.into(),
            targets: kinds.iter().map(target).collect(),
            default_member,
            ..Package::default()
        }
    }

    #[test]
    fn every_library_is_tested_once() {
        let packages = [
            package("abi", "libsys/abi", &["lib"], true),
            package("console", "servers/console", &["lib", "bin"], false),
            package("console-api", "servers/console/api", &["lib"], false),
            package("hello", "servers/hello", &["bin"], false),
            package("queue", "libsys/queue", &["lib"], false),
            package("system-tests", "tests", &["lib", "test"], true),
        ];
        assert_eq!(default_members(&packages), ["abi"]);
        assert_eq!(user_libraries(&packages), ["console", "console-api", "queue"]);
    }
}
