//! `test`: host tests, self-tests, system tests; one summary.
//!
//! Counts come from the tests themselves: libtest's `test result:` lines and the lines
//! of the self-tests. A part without a result (it does not build, crashes, hangs) is a
//! failure. The system tests are the package `system-tests`; `qemu_harness::Images` describes
//! their environment.

mod host;
mod libtest;
mod results;

pub(crate) use host::{run_command, test_command};
pub(crate) use results::Results;

use crate::{
    build, disk_image, install, miri, run::Firmware, selftest, setup, step::Step, workspace,
};
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use host::SYSTEM_TESTS;
use qemu_harness::Images;
use results::Summary;
use std::path::PathBuf;
use std::time::Duration;

/// Run all tests, on the host and in QEMU.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only tests with this in their names
    #[arg(default_value = "", hide_default_value = true)]
    filter: String,
    /// Only these parts (may be repeated)
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// Repeat the tests in QEMU with each of these numbers of CPUs
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1",
        value_parser = clap::value_parser!(u32).range(1..=255))]
    cpus: Vec<u32>,
    /// Build programs of the registry, and run their tests, too
    #[arg(long)]
    programs: bool,
}

/// The file of the tests of programs of the registry, whose tests are ignored otherwise.
const PROGRAMS: [&str; 2] = ["--test", "programs"];
/// An ordinary program with tests of its own.
const HOSTED: &str = "tests/wasi/Cargo.toml";

/// A part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Tests on the host.
    Host,
    /// Some of those under Miri, in runs of all names; suites that passed and have not changed are
    /// left out.
    Miri,
    /// The self-tests of kernel and user space, in QEMU.
    Selftest,
    /// A boot to the prompt, timed.
    Boot,
    /// The system tests, in QEMU.
    System,
}

/// The name of the boot, as a test.
const BOOT: &str = "boot to the prompt";
const BOOT_LIMIT: Duration = Duration::from_secs(60);
const SELFTEST_LIMIT: Duration = Duration::from_secs(180);

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let filter = arguments.filter.as_str();
    // Miri cannot run each test of the core: its short form has names of its own.
    ensure!(
        filter.is_empty() || !arguments.only.contains(&Part::Miri),
        "tests under Miri are not chosen by name: leave out the name or `--only miri`, or run \
            `cargo xtask miri PACKAGE`"
    );
    let mut summary = Summary::default();
    if wanted(Part::Host) {
        summary.run("host tests", || some(host::run(filter)?, filter));
    }
    if wanted(Part::Miri) && filter.is_empty() {
        summary.run("host tests under Miri", || match miri::short()? {
            // None at all: each suite is unchanged since it passed.
            Ok(results) => Ok(results),
            Err(why) => {
                eprintln!("skipped: host tests under Miri: {why}");
                Ok(Results::default())
            }
        });
    }
    if arguments.programs || [Part::Selftest, Part::Boot, Part::System].into_iter().any(wanted) {
        in_qemu(&wanted, arguments, &mut summary);
    }
    Ok(summary.print())
}

fn in_qemu(wanted: &dyn Fn(Part) -> bool, arguments: &Arguments, summary: &mut Summary) {
    let images = match prepare() {
        Ok(images) => images,
        Err(error) => return summary.add_failure("build", &format!("{error:#}")),
    };
    let filter = arguments.filter.as_str();
    for cpus in arguments.cpus.iter().copied() {
        let row = |part: &str| row_name(part, cpus, &arguments.cpus);
        if wanted(Part::Boot) && BOOT.contains(filter) {
            summary.run(&row(BOOT), || boot(&images, cpus));
        }
        if wanted(Part::Selftest) {
            let run = || some(selftests(&images, cpus, filter)?, filter);
            summary.run(&row("self-tests"), run);
        }
        if wanted(Part::System) {
            let run = || some(system_tests(&images, cpus, &[], filter)?, filter);
            summary.run(&row("system tests"), run);
        }
        if arguments.programs {
            let run = || some(programs(&images, cpus)?, "");
            summary.run(&row("programs of the registry"), run);
        }
    }
}

/// The name of a row, with the number of CPUs when it is not just 1.
fn row_name(part: &str, cpus: u32, all: &[u32]) -> String {
    match (cpus, all) {
        (1, [1]) => part.to_owned(),
        (1, _) => format!("{part}, 1 CPU"),
        _ => format!("{part}, {cpus} CPUs"),
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

/// Boots to the prompt; its time is printed, not judged.
fn boot(images: &Images, cpus: u32) -> Result<Results> {
    let (_, outcome) = images.machine("boot").with_cpus(cpus).run_at_prompt(&[], BOOT_LIMIT)?;
    println!("{BOOT}: {:.2} s", outcome.time_to_prompt.unwrap_or_default().as_secs_f32());
    Ok(Results { passed: 1, failures: Vec::new() })
}

fn selftests(images: &Images, cpus: u32, filter: &str) -> Result<Results> {
    let mut machine = images.machine("selftest").with_cpus(cpus);
    machine.append("selftest")?;
    let step = Step::begin("running the self-tests");
    let outcome = selftest::boot(&machine, None, SELFTEST_LIMIT)?;
    step.end();
    selftest::tell_longest_hold(&outcome);
    Ok(selftest::judge(&outcome, filter))
}

/// Builds programs of the registry, and runs their tests: one has tests for the host, too.
fn programs(images: &Images, cpus: u32) -> Result<Results> {
    let mut command = workspace::host_cargo();
    command.args(["test", "--manifest-path", HOSTED, "--target-dir"]);
    command.arg(workspace::target().join("programs"));
    let mut results = host::run_command("running the tests of programs on the host", &mut command)?;
    install::of_registry_for_tests(&setup::toolchain()?, &images.programs)?;
    let more = system_tests(images, cpus, &PROGRAMS, "--ignored")?;
    results.passed += more.passed;
    results.failures.extend(more.failures);
    Ok(results)
}

fn system_tests(images: &Images, cpus: u32, options: &[&str], filter: &str) -> Result<Results> {
    let toolchain = setup::toolchain()?;
    let image = |firmware| disk_image::make(&toolchain, images, firmware, "");
    let mut command = host::test_command(&[SYSTEM_TESTS.to_owned()], options, filter);
    command
        .env("POSTERN_KERNEL", &images.kernel)
        .env("POSTERN_ARCHIVE", &images.archive)
        .env("POSTERN_PROGRAMS", &images.programs)
        .env("POSTERN_BIOS", image(Firmware::Bios)?)
        .env("POSTERN_UEFI", image(Firmware::Uefi)?)
        .env("POSTERN_XTASK", own_path()?)
        .env("POSTERN_CPUS", cpus.to_string());
    host::run_command("running the system tests", &mut command)
}

/// The file of this program. The host tests may have built it again: then Linux appends a mark to
/// the name of the running file, and the new file has the name without it.
fn own_path() -> Result<PathBuf> {
    let path = std::env::current_exe()?;
    let replaced = path.to_str().and_then(|name| name.strip_suffix(" (deleted)"));
    Ok(replaced.map(PathBuf::from).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::row_name;

    #[test]
    fn one_row_for_each_number_of_cpus() {
        assert_eq!(row_name("boot", 1, &[1]), "boot");
        assert_eq!(row_name("boot", 1, &[1, 4]), "boot, 1 CPU");
        assert_eq!(row_name("boot", 4, &[4]), "boot, 4 CPUs");
    }
}
