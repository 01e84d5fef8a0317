//! Builds what boots: the kernel, the user programs, the boot archive.
//!
//! In `target/`: `kernel/`, `kernel-checks/` and `user/` are cargo's (a folder for each set
//! of flags), `image/` holds what machines boot: `postern` (the kernel without debug
//! information), `postern-checks` (the same with debug checks, for tests), `boot.tar`, and `programs/` (each user program, stripped).

mod archive;
mod cargo;
mod strip;
mod system;

pub(crate) use cargo::{Bare, lint_command};
pub(crate) use system::MANIFEST;

use crate::metadata::{self, Package};
use crate::setup::{self, Toolchain};
use crate::workspace;
use anyhow::Result;
use clap::Args;
use qemu_harness::{Elfs, Images};
use std::path::Path;

/// Build the kernel, the user programs and the boot archive without running them.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Build the programs of tests/programs too.
    #[arg(long)]
    tests: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let toolchain = setup::toolchain()?;
    let images = if arguments.tests { with_tests(&toolchain)? } else { all(&toolchain)? };
    println!("kernel: {}", images.kernel.display());
    println!("boot archive: {}", images.archive.display());
    println!("programs: {}", images.programs.display());
    Ok(0)
}

/// Builds everything that the system boots.
pub(crate) fn all(toolchain: &Toolchain) -> Result<Images> {
    build(toolchain, false)
}

/// Builds that, the programs of the system tests, and the kernel with its debug checks,
/// which is the one that the tests boot.
pub(crate) fn with_tests(toolchain: &Toolchain) -> Result<Images> {
    build(toolchain, true)?;
    cargo::checked_kernel(toolchain)?;
    let images = Images::with_checks(&workspace::target());
    strip::copy(toolchain, images.elfs().kernel(), &images.kernel)?;
    Ok(images)
}

/// Where the programs are, with their debug information.
pub(crate) fn elfs() -> Elfs {
    Elfs::in_target(&workspace::target())
}

fn build(toolchain: &Toolchain, tests: bool) -> Result<Images> {
    let packages = metadata::packages()?;
    let system = system::read(&packages)?;
    let images = Images::in_target(&workspace::target());
    cargo::kernel(toolchain)?;
    let programs = programs(&packages, &system, tests);
    cargo::programs(toolchain, &programs)?;
    let elfs = elfs();
    strip::copy(toolchain, elfs.kernel(), &images.kernel)?;
    for program in &programs {
        strip::copy(toolchain, &elfs.program(program), &images.programs.join(program))?;
    }
    archive::write(&system, &images)?;
    Ok(images)
}

/// The programs to build: init, the manifest's, the self-tests, the test programs.
fn programs(packages: &[Package], system: &manifest::System, tests: bool) -> Vec<String> {
    let mut names = archive::program_names(system);
    if tests {
        let folder = Path::new("tests/programs");
        let tests = packages.iter().filter(|package| package.folder.starts_with(folder));
        names.extend(tests.map(|package| package.name.clone()));
    }
    names
}
