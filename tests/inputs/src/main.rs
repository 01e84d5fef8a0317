//! Runs the targets for longer than their test does; see `cargo xtask fuzz-inputs`.
#![forbid(unsafe_code)]

use clap::Parser;
use input_fuzz::{fuzz, targets};
use qemu_harness::Images;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
struct Arguments {
    /// Inputs for each target
    #[arg(long, default_value_t = 100_000)]
    runs: u64,
    /// Where the random choices begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this target
    #[arg(long)]
    only: Option<String>,
    /// Real files, too: what `cargo xtask build` made
    #[arg(long)]
    real: bool,
    /// Instead: runs one input of `--only`, as a failure has kept it
    #[arg(long, requires = "only")]
    input: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let images = Images::in_target(&qemu_harness::root().join("target"));
    let mut targets = targets::all(arguments.real.then_some(&images));
    targets.retain(|target| arguments.only.as_ref().is_none_or(|only| only == target.name));
    if let Some(file) = &arguments.input {
        let Ok(input) = std::fs::read(file) else {
            eprintln!("error: {}: cannot be read", file.display());
            return ExitCode::FAILURE;
        };
        targets.iter().for_each(|target| println!("{}", (target.read)(&input)));
        return ExitCode::SUCCESS;
    }
    let mut status = ExitCode::SUCCESS;
    for target in &targets {
        match fuzz(target, arguments.runs, arguments.seed) {
            Ok(seen) => println!(
                "{}: {} runs from seed {}, {} kinds of outcomes, at most {} KiB allocated",
                target.name,
                arguments.runs,
                arguments.seed,
                seen.kinds,
                seen.most_bytes >> 10
            ),
            Err(why) => {
                eprintln!("error: {why}");
                status = ExitCode::FAILURE;
            }
        }
    }
    status
}
