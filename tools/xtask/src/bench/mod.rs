//! `bench`: what operations cost, in guest instructions, the same on every machine.
//!
//! A machine boots the program `tests/programs/bench` and counts instructions
//! (`-icount shift=0`); what it prints is read by the crate `bench-results`.

mod trace;

use crate::{build, setup, step::Step};
use anyhow::{Result, ensure};
use bench_results::{Row, rows, table};
use clap::Args;
use qemu_harness::Images;
use std::time::Duration;

/// How long all of it may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(600);

/// Measure what operations cost, in guest instructions.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only operations whose name contains one of these
    #[arg(value_name = "OP")]
    operations: Vec<String>,
    /// How often each operation is measured, at most
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    samples: u32,
    /// Instead: every guest instruction of one operation, by function
    #[arg(long, value_name = "OP", conflicts_with_all = ["operations", "samples"])]
    trace: Option<String>,
    /// With --trace: list each instruction
    #[arg(long, requires = "trace")]
    full: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    setup::qemu()?;
    let images = build::for_bench(&setup::toolchain()?)?;
    if let Some(operation) = &arguments.trace {
        return trace::run(&images, operation, arguments.full);
    }
    let measured = measure(&images, &arguments.operations.join(","), arguments.samples)?;
    print!("{}", table(&measured));
    Ok(0)
}

/// Boots the machine that measures: its rows.
fn measure(images: &Images, operations: &str, samples: u32) -> Result<Vec<Row>> {
    let machine = images.bench("bench", &format!("samples={samples} rows={operations}"))?;
    let step = Step::begin("measuring");
    let outcome = machine.start()?.finish(LIMIT);
    step.end();
    ensure!(outcome.verdict.passed(), "{outcome}");
    let measured = rows(&outcome.transcript)?;
    ensure!(!measured.is_empty(), "no operation's name contains `{operations}`");
    Ok(measured)
}
