//! `miri`: the host tests of user space's libraries and of the core under Miri, which tells
//! undefined behaviour: data races, wrong provenance, accesses of mixed sizes that race.
//!
//! Miri interprets each instruction: tests with many rounds have few there (`cfg!(miri)`), and
//! of the core those run that finish in seconds. Time is Miri's own: it goes on with what is
//! interpreted, so no result depends on the machine.

use crate::test::{Results, run_command};
use crate::unchanged::Mark;
use crate::{step, workspace};
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use std::process::Command;

/// Run host tests under Miri, in a short form.
///
/// Installs Miri into the nightly toolchain of rustup where it is missing.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these packages; with all their tests
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    /// Everything that runs on the host: takes several times as long
    #[arg(long, conflicts_with = "packages")]
    all: bool,
}

/// Miri is part of nightly toolchains only.
const TOOLCHAIN: &str = "nightly";
const COMPONENTS: [&str; 2] = ["miri", "rust-src"];

/// Memory objects of the hosted machine are never freed; their addresses are numbers, as the
/// kernel takes them.
const FLAGS: &str = "-Zmiri-ignore-leaks -Zmiri-permissive-provenance";

/// Tests that run together.
struct Suite {
    packages: &'static [&'static str],
    options: &'static [&'static str],
    /// Only tests whose names contain one of these; none: all.
    filters: &'static [&'static str],
}

/// What CI runs.
const SHORT: &[Suite] = &[
    Suite { packages: &["abi", "sys", "loader", "keep"], options: &["--lib"], filters: &[] },
    Suite { packages: &["queue"], options: &["--lib"], filters: QUEUE_SHORT },
    Suite { packages: &["microkernel"], options: &["--lib"], filters: CORE_SHORT },
];

/// All of it.
const ALL: &[Suite] = &[
    Suite {
        packages: &[
            "abi", "sys", "dma", "virtio", "loader", "keep", "queue", "executor", "service", "rt",
            "testkit",
        ],
        options: &["--lib", "--test", "*"],
        filters: &[],
    },
    Suite { packages: &["microkernel"], options: &["--lib"], filters: CORE },
];

/// Two threads at one ring, one of them hostile.
const QUEUE_SHORT: &[&str] = &["two_threads", "fools_nobody", "bell"];
/// Files of the core's tests.
const CORE_SHORT: &[&str] = &["tests::inspect"];
const CORE: &[&str] = &[
    "tests::bytes",
    "tests::checks",
    "tests::compat",
    "tests::debug",
    "tests::endpoints",
    "tests::ends",
    "tests::faults",
    "tests::hooks",
    "tests::inspect",
    "tests::loans",
    "tests::notifications",
    "tests::objects",
    "tests::processes",
    "tests::spaces",
    "tests::explorer",
];

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    prepare()?;
    let mut results = Results::default();
    if arguments.packages.is_empty() {
        let suites = if arguments.all { ALL } else { SHORT };
        for suite in suites {
            add(&mut results, run_suite(suite.packages, suite.options, suite.filters)?);
        }
    } else {
        let packages: Vec<&str> = arguments.packages.iter().map(String::as_str).collect();
        results = run_suite(&packages, &["--lib", "--test", "*"], &[])?;
    }
    println!("Miri: {} passed, {} failed", results.passed, results.failed());
    Ok(u8::from(results.failed() > 0))
}

/// The short form, as a part of all tests; where Miri cannot be had, why. A suite whose inputs
/// are those of its last pass is left out, and named.
pub(crate) fn short() -> Result<std::result::Result<Results, String>> {
    if let Err(error) = prepare() {
        return Ok(Err(format!("{error:#}")));
    }
    let version = &version()?;
    let mut results = Results::default();
    build_std()?;
    // Side by side: Miri runs each suite on one CPU.
    let ends: Vec<_> = std::thread::scope(|scope| {
        let begin = |suite| scope.spawn(move || run_if_changed(suite, version));
        let running: Vec<_> = SHORT.iter().map(begin).collect();
        running.into_iter().map(|suite| suite.join()).collect()
    });
    for end in ends {
        add(&mut results, end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
    }
    Ok(Ok(results))
}

/// What a suite of the short form says; nothing when its inputs are those of its last pass.
fn run_if_changed(suite: &Suite, version: &str) -> Result<Results> {
    let words = [suite.options, suite.filters, &[FLAGS, version]].concat();
    let mark = Mark::of(&format!("miri-{}", suite.packages.join("-")), suite.packages, &words)?;
    if mark.is_set() {
        eprintln!("unchanged since it passed under Miri: {}", suite.packages.join(", "));
        return Ok(Results::default());
    }
    let results = run_suite(suite.packages, suite.options, suite.filters)?;
    ensure!(results != Results::default(), "not one test ran");
    if results.failed() == 0 && results.passed > 0 {
        mark.set()?;
    }
    Ok(results)
}

fn add(all: &mut Results, more: Results) {
    all.passed += more.passed;
    all.failures.extend(more.failures);
}

/// Makes sure that there is a Miri.
fn prepare() -> Result<()> {
    if works() {
        return Ok(());
    }
    let advice = "Miri needs rustup and a network: rustup toolchain install nightly \
        --component miri --component rust-src";
    install().context(advice)?;
    ensure!(works(), "the nightly toolchain has no working Miri. {advice}");
    Ok(())
}

fn works() -> bool {
    version().is_ok()
}

/// Builds the standard library for Miri, once and before suites that run side by side need it.
fn build_std() -> Result<()> {
    let mut command = nightly("rustup");
    command.args(["run", TOOLCHAIN, "cargo", "miri", "setup"]);
    step::run("building the standard library for Miri", &mut command)
}

/// What Miri says of its version.
fn version() -> Result<String> {
    let mut command = nightly("rustup");
    let output = command.args(["run", TOOLCHAIN, "cargo", "miri", "--version"]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Adds what is missing to the toolchain that is there, or installs one.
fn install() -> Result<()> {
    let listed = nightly("rustup").args(["toolchain", "list"]).output();
    let Ok(listed) = listed else { bail!("there is no rustup here") };
    let there = String::from_utf8_lossy(&listed.stdout);
    let mut command = nightly("rustup");
    if there.lines().any(|line| line.starts_with(TOOLCHAIN)) {
        command.args(["component", "add", "--toolchain", TOOLCHAIN]).args(COMPONENTS);
    } else {
        command.args(["toolchain", "install", TOOLCHAIN, "--profile", "minimal"]);
        command.args(COMPONENTS.iter().flat_map(|name| ["--component", name]));
    }
    step::run("installing Miri with rustup", &mut command)
}

/// A command that does not know which cargo started this one.
fn nightly(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).env("RUSTUP_MAX_RETRIES", "1");
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "RUSTC_BOOTSTRAP", "RUSTFLAGS"] {
        command.env_remove(name);
    }
    command
}

fn run_suite(packages: &[&str], options: &[&str], filters: &[&str]) -> Result<Results> {
    let mut command = nightly("rustup");
    command.args(["run", TOOLCHAIN, "cargo", "miri", "test", "--no-fail-fast", "--target-dir"]);
    command.arg(workspace::target().join("miri")).args(options);
    command.args(packages.iter().flat_map(|name| ["-p", name]));
    if !filters.is_empty() {
        command.arg("--").args(filters);
    }
    let flags = std::env::var("MIRIFLAGS").unwrap_or_default();
    command.env("MIRIFLAGS", format!("{FLAGS} {flags}"));
    let what = format!("running {} under Miri", packages.join(", "));
    run_command(&what, &mut command)
}
