//! `test`: host tests, self-tests, system tests; one summary.
//!
//! Counts come from the tests themselves: libtest's `test result:` lines and the lines
//! of the self-tests. What ends without a result (does not build, crashes, hangs) is a
//! failure. The system tests are the package `system-tests`; what they find in their
//! environment is described in `qemu_harness::Images`.

mod boot;
mod host;
mod libtest;
mod results;

pub(crate) use results::Results;

use crate::{build, disk_image, metadata, run::Firmware, selftest, setup};
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use qemu_harness::Images;
use results::Summary;
use std::time::Duration;

/// Run all tests: on the host, and in QEMU.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only tests whose name contains this
    #[arg(default_value = "", hide_default_value = true)]
    filter: String,
    /// Only these parts (may be repeated)
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
}

/// A part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Tests of what runs on the host.
    Host,
    /// The self-tests of kernel and user space, in QEMU.
    Selftest,
    /// A boot to the prompt, timed.
    Boot,
    /// The system tests, in QEMU.
    System,
}

const SELFTEST_LIMIT: Duration = Duration::from_secs(180);

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let filter = arguments.filter.as_str();
    let mut summary = Summary::default();
    if wanted(Part::Host) {
        summary.run("host tests", || some(host::run(filter)?, filter));
    }
    if [Part::Selftest, Part::Boot, Part::System].into_iter().any(wanted) {
        in_qemu(&wanted, filter, &mut summary);
    }
    Ok(summary.print())
}

fn in_qemu(wanted: &dyn Fn(Part) -> bool, filter: &str, summary: &mut Summary) {
    let images = match prepare() {
        Ok(images) => images,
        Err(error) => return summary.add_failure("build", &format!("{error:#}")),
    };
    if wanted(Part::Boot) && boot::matches(filter) {
        summary.run("boot to the prompt", || boot::run(&images));
    }
    if wanted(Part::Selftest) {
        summary.run("self-tests", || some(selftests(&images, filter)?, filter));
    }
    if wanted(Part::System) {
        summary.run("system tests", || some(system_tests(&images, filter)?, filter));
    }
}

/// A part without a single test proves nothing, unless a filter left it out.
fn some(results: Results, filter: &str) -> Result<Results> {
    ensure!(results != Results::default() || !filter.is_empty(), "not one test ran");
    Ok(results)
}

fn prepare() -> Result<Images> {
    setup::qemu()?;
    setup::ovmf()?;
    build::with_tests(&setup::toolchain()?)
}

fn selftests(images: &Images, filter: &str) -> Result<Results> {
    let mut machine = images.machine("selftest");
    machine.append("selftest")?;
    let step = crate::step::Step::begin("running the self-tests");
    let outcome = selftest::boot(&machine, None, SELFTEST_LIMIT)?;
    step.end();
    let results = selftest::judge(&outcome);
    Ok(if filter.is_empty() { results } else { results.only(&outcome.transcript, filter) })
}

fn system_tests(images: &Images, filter: &str) -> Result<Results> {
    let package = "system-tests";
    if !metadata::packages()?.iter().any(|found| found.name == package) {
        anyhow::bail!("there is no package {package} in tests/");
    }
    let toolchain = setup::toolchain()?;
    let bios = disk_image::make(&toolchain, images, Firmware::Bios, "")?;
    let uefi = disk_image::make(&toolchain, images, Firmware::Uefi, "")?;
    let mut command = host::test_command(&[package.to_owned()], &[], filter);
    command
        .env("POSTERN_KERNEL", &images.kernel)
        .env("POSTERN_ARCHIVE", &images.archive)
        .env("POSTERN_PROGRAMS", &images.programs)
        .env("POSTERN_BIOS", bios)
        .env("POSTERN_UEFI", uefi)
        .env("POSTERN_XTASK", std::env::current_exe()?);
    host::run_command("running the system tests", &mut command)
}
