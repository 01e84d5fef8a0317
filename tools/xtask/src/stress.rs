//! `stress`: everything at once, for a while, then all must be as before.

use crate::selftest::printer;
use crate::{build, setup};
use anyhow::Result;
use clap::Args;
use qemu_harness::Stress;

/// Put the kernel under stress: timers, NMIs, calls, faults, kills, moves, vector patterns.
#[derive(Args)]
pub(crate) struct Arguments {
    /// For so many seconds
    #[arg(long, value_name = "N", default_value_t = 600)]
    seconds: u64,
    /// Number of CPUs
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=255))]
    cpus: u32,
    /// Where the random choices begin
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    setup::qemu()?;
    let images = build::with_tests(&setup::toolchain()?)?;
    let &Arguments { seconds, cpus, seed } = arguments;
    let stress = Stress { seconds, cpus, seed };
    let (outcome, sent) = stress.run(&images, Some(printer()))?;
    println!("stress: {sent} non-maskable interrupts were sent");
    if outcome.verdict.passed() {
        println!("zero violations, all memory back: {seconds} s on {cpus} CPUs from seed {seed}");
    } else {
        println!("failed: {}", outcome.explanation().trim_end());
    }
    Ok(outcome.verdict.status())
}
