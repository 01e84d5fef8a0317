//! `stress`: all kinds of load at once for a time, then a balance of all resources; or many
//! signals, each delivered once.

use crate::selftest::{printer, tell_longest_hold};
use crate::{build, setup};
use anyhow::Result;
use clap::Args;
use qemu_harness::{Images, Stress};
use std::time::Duration;

/// The limit for a boot, and for a shutdown.
const BOOT: Duration = Duration::from_secs(120);
/// The limit for one signal on a busy machine.
const PER_SIGNAL: Duration = Duration::from_millis(5);

/// Load the kernel with all at once: timers, NMIs, calls, faults, kills, migrations.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Seconds, up to a year
    #[arg(long, value_name = "N", default_value_t = 600,
        value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    seconds: u64,
    /// Number of CPUs
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=255))]
    cpus: u32,
    /// Count instructions as time, on one CPU; fails when a lock hold is over its bound
    #[arg(long, conflicts_with_all = ["cpus", "signals"])]
    count: bool,
    /// Seed of the random choices
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Instead: this number of queued signals between programs; each is delivered once, in order
    #[arg(long, value_name = "N", conflicts_with_all = ["seconds", "seed"],
        value_parser = clap::value_parser!(u32).range(1..=2_097_152))]
    signals: Option<u32>,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    setup::qemu()?;
    let images = build::with_tests(&setup::toolchain()?)?;
    let &Arguments { seconds, cpus, seed, signals, count: counted } = arguments;
    if let Some(count) = signals {
        return many_signals(&images, cpus, count);
    }
    let cpus = if counted { 1 } else { cpus };
    let stress = Stress { seconds, cpus, counted, seed };
    let (outcome, sent) = stress.run(&images, Some(printer()))?;
    println!("stress: {sent} non-maskable interrupts were sent");
    tell_longest_hold(&outcome);
    let failure = match outcome.verdict.passed() {
        false => Some(outcome.explanation()),
        true if counted => outcome.hold_failure(),
        true => None,
    };
    match &failure {
        None => println!(
            "zero violations, all memory back: {seconds} s on {cpus} CPUs from seed {seed}"
        ),
        Some(failure) => println!("failed: {}", failure.trim_end()),
    }
    Ok(match failure {
        None => 0,
        Some(_) => outcome.verdict.status().max(1),
    })
}

/// The program itself counts (`tests/programs/signals/src/stress.rs`).
fn many_signals(images: &Images, cpus: u32, count: u32) -> Result<u8> {
    let machine = images.machine("stress-signals").with_cpus(cpus);
    let command = format!("run signals stress {count}");
    let (printed, _) = machine.run_at_prompt(&[&command], BOOT + PER_SIGNAL * count)?;
    print!("{}", printed.concat());
    Ok(0)
}
