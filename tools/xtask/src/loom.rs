//! `loom`: explores the atomic protocols (`tests/models`) with all interleavings and memory
//! orders; deeper than a plain `cargo test` does.

use crate::test::{run_command, test_command};
use anyhow::Result;
use clap::Args;

/// Explore the interleavings of locks, TLB shootdown, pending IRQs and queues.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The most preemptions in a schedule
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=10))]
    preemptions: u8,
    /// Only models with this in their names
    #[arg(default_value = "", hide_default_value = true)]
    filter: String,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let mut command = test_command(&["models".to_owned()], &["--lib"], &arguments.filter);
    command.env("LOOM_MAX_PREEMPTIONS", arguments.preemptions.to_string());
    let results = run_command("exploring the models", &mut command)?;
    println!("loom: {} models good, {} failed", results.passed, results.failed());
    Ok(u8::from(results.failed() > 0))
}
