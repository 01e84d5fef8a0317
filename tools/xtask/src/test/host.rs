//! The tests that run on the host: those of a plain `cargo test`.

use super::{Results, libtest};
use crate::metadata::{self, Package};
use crate::{step, workspace};
use anyhow::Result;
use std::process::Command;

/// Packages whose tests need QEMU: a part of their own.
const IN_QEMU: &str = "system-tests";

/// Runs them: all tests of the default members, and the libraries of programs, whose
/// binaries are for another machine.
pub(super) fn run(filter: &str) -> Result<Results> {
    let packages = metadata::packages()?;
    let mut results =
        run_command("running the host tests", &mut test_command(&defaults(&packages), filter))?;
    let libraries = libraries_of_programs(&packages);
    if !libraries.is_empty() {
        let mut command = workspace::host_cargo();
        command.args(["test", "--no-fail-fast", "--lib"]).args(select(&libraries));
        if !filter.is_empty() {
            command.args(["--", filter]);
        }
        let more = run_command("running the host tests of programs' libraries", &mut command)?;
        results.passed += more.passed;
        results.failures.extend(more.failures);
    }
    Ok(results)
}

fn defaults(packages: &[Package]) -> Vec<String> {
    let wanted = |package: &&Package| package.default_member && package.name != IN_QEMU;
    packages.iter().filter(wanted).map(|package| package.name.clone()).collect()
}

/// What programs keep apart from their system calls, so that it can be tested here.
fn libraries_of_programs(packages: &[Package]) -> Vec<String> {
    let has = |package: &Package, kind| package.targets.iter().any(|target| target.kind == kind);
    let wanted =
        |package: &&Package| !package.default_member && has(package, "bin") && has(package, "lib");
    packages.iter().filter(wanted).map(|package| package.name.clone()).collect()
}

fn select(packages: &[String]) -> impl Iterator<Item = &str> {
    packages.iter().flat_map(|name| ["-p", name.as_str()])
}

/// `cargo test` with the user's own toolchain.
pub(super) fn test_command(packages: &[String], filter: &str) -> Command {
    let mut command = workspace::host_cargo();
    command.args(["test", "--no-fail-fast"]).args(select(packages));
    if !filter.is_empty() {
        command.args(["--", filter]);
    }
    command
}

/// Runs `cargo test` and counts; shows its output when something failed.
pub(super) fn run_command(what: &str, command: &mut Command) -> Result<Results> {
    let step = step::Step::begin(what);
    let output = step::capture(command, |line| step.detail(line))?;
    step.end();
    let results = libtest::parse(&output.text, output.success);
    if results.failed() > 0 {
        eprint!("{}", output.text);
    }
    Ok(results)
}
