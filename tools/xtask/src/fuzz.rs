//! `fuzz`: random system calls from many processes; then all must be as before.

use crate::selftest::{printer, tell_longest_hold};
use crate::{build, setup};
use anyhow::Result;
use clap::Args;
use qemu_harness::Fuzz;

/// Fuzz the kernel with random system calls, on the kernel with debug checks.
///
/// Processes of 64 and 32 bits make calls of all kinds with good and wild arguments, while
/// they are traced, filtered, suspended and killed. Frames, processes, threads, handles,
/// objects and quotas must be as before. On 1 CPU a seed decides everything.
#[derive(Args)]
pub(crate) struct Arguments {
    /// At least this number of system calls
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    calls: u64,
    /// Where the random choices begin
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Number of CPUs
    #[arg(long, value_name = "C", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    cpus: u32,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    setup::qemu()?;
    let images = build::with_tests(&setup::toolchain()?)?;
    let &Arguments { calls, seed, cpus } = arguments;
    let fuzzed = Fuzz { calls, seed, cpus }.run(&images, Some(printer()))?;
    tell_longest_hold(&fuzzed.outcome);
    match &fuzzed.failure {
        None => println!("clean: {calls} calls on {cpus} CPUs from seed {seed}"),
        Some(failure) => {
            println!("failed: {calls} calls on {cpus} CPUs from seed {seed}: {failure}")
        }
    }
    Ok(match fuzzed.failure {
        None => 0,
        Some(_) => fuzzed.outcome.verdict.status().max(1),
    })
}
