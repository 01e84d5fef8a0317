//! Builds what boots: the kernel, the user programs, the boot archive.
//!
//! In `target/`: `kernel/`, `kernel-checks/` and `user/` are what cargo made (in each there may
//! be a program of the same name), `bare/` what it made them of. `image/` holds what machines
//! boot: `postern` (the kernel without debug information), `postern-checks` (the same with debug
//! checks, for tests), `boot.tar`, `root.img` (the system's volume), `programs/` (each user
//! program, stripped), and `installed/` (what `cargo xtask install` made).

mod archive;
mod cargo;
mod programs;
mod strip;
mod system;
mod volume;

pub(crate) use cargo::Bare;
pub(crate) use system::{MANIFEST, read as system};
pub(crate) use volume::{INSTALLED, make as make_volume};

use crate::install;
use crate::metadata;
use crate::setup::{self, Toolchain};
use crate::workspace;
use anyhow::Result;
use clap::Args;
use qemu_harness::{Elfs, Images, VOLUME_BYTES};
use volume_image::Format;

/// What runs in a campaign of faults, from the root on.
const CAMPAIGN: &str = "tests/campaign.toml";

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
    checked(toolchain)?;
    let images = build(toolchain, true)?;
    install::for_tests(toolchain, &images.programs)?;
    Ok(Images::with_checks(&workspace::target()))
}

/// Builds everything that the system boots, and the kernel with its debug checks.
pub(crate) fn with_checks(toolchain: &Toolchain) -> Result<Images> {
    checked(toolchain)?;
    build(toolchain, false)?;
    Ok(Images::with_checks(&workspace::target()))
}

/// The archive has its strings: it is built first.
fn checked(toolchain: &Toolchain) -> Result<()> {
    cargo::kernel(toolchain, Bare::CheckedKernel)?;
    let images = Images::with_checks(&workspace::target());
    strip::copy(toolchain, images.elfs().kernel(), &images.kernel)
}

/// Builds that and the programs of the system tests, with the kernel that users boot: what is
/// measured. The programs are those of [`with_tests`], so that they are the same to the byte.
pub(crate) fn for_bench(toolchain: &Toolchain) -> Result<Images> {
    build(toolchain, true)
}

/// Where the files are that machines boot.
pub(crate) fn images() -> Images {
    Images::in_target(&workspace::target())
}

/// Where the programs are, with their debug information.
pub(crate) fn elfs() -> Elfs {
    Elfs::in_target(&workspace::target())
}

fn build(toolchain: &Toolchain, tests: bool) -> Result<Images> {
    let packages = metadata::packages()?;
    let system = system::read(&packages)?;
    let images = images();
    cargo::kernel(toolchain, Bare::Kernel)?;
    let groups = programs::by_target(&packages, programs::wanted(&packages, &system, tests))?;
    let elfs = elfs();
    strip::copy(toolchain, elfs.kernel(), &images.kernel)?;
    for group in &groups {
        cargo::programs(toolchain, group)?;
        for name in &group.names {
            let elf = elfs.user_program(&group.target, name);
            strip::copy(toolchain, &elf, &images.programs.join(name))?;
        }
    }
    elfs.note_files(system.aliases())?;
    archive::write(&system, &images, &images.archive)?;
    make_volume(&images.volume, VOLUME_BYTES, Format::Ext4)?;
    if tests {
        let campaign = system::read_from(CAMPAIGN, &packages)?;
        archive::write(&campaign, &images, &images.campaign)?;
    }
    Ok(images)
}
