//! rustfmt, clippy and rustdoc, each crate for the machine that it runs on.

use super::arrows::{self, Kind};
use crate::build::Bare;
use crate::metadata::Package;
use crate::setup::Toolchain;
use crate::{step, workspace};
use anyhow::{Result, ensure};
use qemu_harness::{OTHER_TARGETS, TARGET};
use std::process::Command;

/// Checks the format of all members, and of the crate outside of the workspace.
pub(super) fn format(toolchain: &Toolchain) -> Result<()> {
    let mut members = toolchain.cargo()?;
    members.args(["fmt", "--all", "--check"]);
    let mut alone = toolchain.cargo()?;
    alone.args(["fmt", "--check", "--manifest-path", "tools/disk-image/Cargo.toml"]);
    all([("format of the workspace", members), ("format of tools/disk-image", alone)])
}

/// Runs clippy: host crates with their tests, the kernel, user programs.
pub(super) fn clippy(toolchain: &Toolchain, packages: &[Package]) -> Result<()> {
    let mut host = host_command(toolchain, "clippy")?;
    host.arg("--all-targets").args(select(packages, |package| is(package, on_host)));
    let mut kernel = Bare::Kernel.command(toolchain, "clippy", TARGET)?;
    kernel.args(["-p", "microkernel", "--lib", "--bin", "postern", "--features", "image"]);
    let mut commands = vec![("clippy: host crates", host), ("clippy: kernel", kernel)];
    for target in [TARGET].into_iter().chain(OTHER_TARGETS) {
        let names = select(packages, |package| is_built_for(package, target));
        if !names.is_empty() {
            let mut command = Bare::User.command(toolchain, "clippy", target)?;
            command.args(names);
            commands.push((target, command));
        }
    }
    for (_, command) in &mut commands {
        command.args(["--", "-D", "warnings"]);
    }
    all(commands)
}

/// Builds the documentation of all libraries, of the host and of user space, with warnings denied.
pub(super) fn docs(toolchain: &Toolchain, packages: &[Package]) -> Result<()> {
    let is_library = |kind: &str| ["lib", "proc-macro"].contains(&kind);
    let documented =
        |package: &Package| package.targets.iter().any(|target| is_library(&target.kind));
    let mut host = host_command(toolchain, "doc")?;
    host.args(select(packages, |package| documented(package) && is(package, on_host)));
    let mut user = Bare::User.command(toolchain, "doc", TARGET)?;
    let only_user = |package: &Package| is(package, in_user_space) && !is(package, on_host);
    user.args(select(packages, |package| documented(package) && only_user(package)));
    for command in [&mut host, &mut user] {
        command.env("CARGO_ENCODED_RUSTDOCFLAGS", "-Dwarnings").args(["--no-deps", "--lib"]);
    }
    all([("documentation: host crates", host), ("documentation: user space", user)])
}

/// Runs all commands, also after a failure, to show all problems.
fn all<'a>(commands: impl IntoIterator<Item = (&'a str, Command)>) -> Result<()> {
    let errors: Vec<String> = commands
        .into_iter()
        .filter_map(|(what, mut command)| step::run(what, &mut command).err())
        .map(|error| error.to_string())
        .collect();
    ensure!(errors.is_empty(), "{}", errors.join("; "));
    Ok(())
}

/// The target with code of its own in our libraries.
const NARROW: &str = "i686-postern";

/// Whether such a package of user space is checked for this target: programs for the one
/// that they chose, what all programs stand on for each that has code of its own there.
fn is_built_for(package: &Package, target: &str) -> bool {
    let built = match package.target.as_deref() {
        Some(chosen) => chosen == target,
        None => target == TARGET || target == NARROW && package.folder.starts_with("libsys"),
    };
    built && is(package, in_user_space)
}

/// Whether this holds for the package's kind.
fn is(package: &Package, wanted: fn(Kind) -> bool) -> bool {
    arrows::kind(&package.folder).is_some_and(wanted)
}

/// The pinned cargo for crates of the host; stable, as the user's own.
fn host_command(toolchain: &Toolchain, verb: &str) -> Result<Command> {
    let mut command = toolchain.cargo()?;
    command
        .env_remove("RUSTC_BOOTSTRAP")
        .args([verb, "--target-dir"])
        .arg(workspace::target().join("check"));
    // It changes no result, and CI saves the disk space.
    if let Some(value) = std::env::var_os("CARGO_INCREMENTAL") {
        command.env("CARGO_INCREMENTAL", value);
    }
    Ok(command)
}

/// Arguments for the packages that satisfy the predicate.
fn select(packages: &[Package], wanted: impl Fn(&Package) -> bool) -> Vec<String> {
    packages
        .iter()
        .filter(|package| wanted(package))
        .flat_map(|package| ["-p".to_owned(), package.name.clone()])
        .collect()
}

/// Whether such a package runs, or is tested, on the host.
fn on_host(kind: Kind) -> bool {
    use Kind::{Abi, Guide, Kernel, Macros, Manifest, TestKit, Tests, Tool};
    matches!(kind, Abi | Guide | Kernel | Macros | Manifest | TestKit | Tests | Tool)
}

/// Whether such a package runs in user space of the bare machine.
fn in_user_space(kind: Kind) -> bool {
    use Kind::{Abi, Api, Manifest, Program, Runtime, Sys};
    matches!(kind, Abi | Sys | Runtime | Api | Program | Manifest)
}

#[cfg(test)]
mod tests {
    use super::{NARROW, is, is_built_for, on_host, select};
    use crate::metadata::Package;
    use qemu_harness::TARGET;

    #[test]
    fn each_package_is_checked_for_its_machine() {
        let package = |name: &str, folder: &str| Package {
            name: name.into(),
            folder: folder.into(),
            ..Package::default()
        };
        let narrow = Package { target: Some(NARROW.into()), ..package("b", "tests/programs/b") };
        let packages = [
            narrow,
            package("abi", "libsys/abi"),
            package("shell", "servers/shell"),
            package("xtask", "tools/xtask"),
        ];
        assert_eq!(select(&packages, |package| is(package, on_host)), ["-p", "abi", "-p", "xtask"]);
        let for_target = |target| select(&packages, |package| is_built_for(package, target));
        assert_eq!(for_target(TARGET), ["-p", "abi", "-p", "shell"]);
        assert_eq!(for_target(NARROW), ["-p", "b", "-p", "abi"]);
    }
}
