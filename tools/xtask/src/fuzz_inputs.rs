//! `fuzz-inputs`: mutated input for each parser of outside bytes (`tests/inputs`), and malformed
//! calls to a server (`libsys/service/tests/hostile.rs`).

use crate::test::{run_command, test_command};
use crate::{build, setup, workspace};
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

/// Feed mutated programs, archives, manifests, logs and calls to their parsers.
///
/// Real files are mutated, too. A parser fails when it panics or hangs. An input that fails is kept in target/fuzz-inputs;
/// `cargo run -p input-fuzz -- --only TARGET --input FILE` runs it again.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Inputs for each target
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    runs: u64,
    /// Seed of the random choices
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Only this target
    #[arg(long, value_name = "TARGET")]
    only: Option<Target>,
}

/// A parser of outside bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// The loader's reader of ELF files.
    Elf,
    /// The two readers of the boot archive.
    Archive,
    /// The checked manifest.
    Manifest,
    /// The decoder of the system log.
    Log,
    /// The dispatch of typed calls, and the client's reader of answers.
    Dispatch,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let failed = match arguments.only {
        Some(Target::Dispatch) => !dispatch(arguments)?,
        Some(_) => !readers(arguments)?,
        None => {
            let readers = readers(arguments)?;
            !(dispatch(arguments)? && readers)
        }
    };
    Ok(u8::from(failed))
}

fn readers(arguments: &Arguments) -> Result<bool> {
    build::all(&setup::toolchain()?)?;
    let mut command = workspace::host_cargo();
    command.args(["run", "--quiet", "--package", "input-fuzz", "--", "--real"]);
    command.args(["--runs", &arguments.runs.to_string(), "--seed", &arguments.seed.to_string()]);
    if let Some(value) = arguments.only.as_ref().and_then(ValueEnum::to_possible_value) {
        command.args(["--only", value.get_name()]);
    }
    Ok(command.status().context("cannot start cargo")?.success())
}

fn dispatch(arguments: &Arguments) -> Result<bool> {
    let mut command = test_command(&["service".to_owned()], &["--test", "hostile"], "whatever");
    command.env("HOSTILE_SEED", arguments.seed.to_string());
    command.env("HOSTILE_CALLS", arguments.runs.to_string());
    let results = run_command("making malformed calls", &mut command)?;
    println!(
        "dispatch: {} calls from seed {}, {} tests failed",
        arguments.runs,
        arguments.seed,
        results.failed()
    );
    Ok(results.failed() == 0)
}
