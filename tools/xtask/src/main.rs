//! `cargo xtask`: all commands of the project.
//!
//! Each command is a module with its arguments and a `run`. They share `setup` (the kernel
//! toolchain, QEMU), `build` (kernel, programs, boot archive) and the crate `qemu-harness` (the
//! machine). A command that fails prints one line with the failure and what to do, and exits
//! with a status other than 0.
#![forbid(unsafe_code)]

// Its macros are used in all modules below.
#[macro_use]
mod output;

mod api;
mod bench;
mod build;
mod campaign;
mod check;
mod coverage;
mod debug;
mod disk;
mod disk_image;
mod fuzz;
mod fuzz_inputs;
mod graph;
mod install;
mod log;
mod loom;
mod metadata;
mod miri;
mod mutants;
mod new_program;
mod new_server;
mod run;
mod selftest;
mod setup;
mod sizes;
mod step;
mod stress;
mod test;
mod unchanged;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Builds, runs and tests Postern.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// For every day first, then measurements, then long searches for faults, then single steps.
#[derive(Subcommand)]
enum Command {
    Run(run::Arguments),
    Test(test::Arguments),
    Check(check::Arguments),
    NewServer(new_server::Arguments),
    NewProgram(new_program::Arguments),
    Install(install::Arguments),
    Disk(disk::Arguments),
    Log(log::Arguments),
    Debug(debug::Arguments),
    Graph(graph::Arguments),
    Api(api::Arguments),
    Bench(bench::Arguments),
    Sizes(sizes::Arguments),
    Coverage(coverage::Arguments),
    Selftest(selftest::Arguments),
    Stress(stress::Arguments),
    Fuzz(fuzz::Arguments),
    FuzzInputs(fuzz_inputs::Arguments),
    Campaign(campaign::Arguments),
    Mutants(mutants::Arguments),
    Loom(loom::Arguments),
    Miri(miri::Arguments),
    Build(build::Arguments),
    Image(disk_image::Arguments),
    Setup(setup::Arguments),
}

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(told) => return usage(&told),
    };
    let result = workspace::find().and_then(|_| run(&command));
    let result = result.and_then(|status| output::finish().map(|()| status));
    match result {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the help, or the error in the arguments.
fn usage(told: &clap::Error) -> ExitCode {
    match told.print() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(1)),
    }
}

fn run(command: &Command) -> anyhow::Result<u8> {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Install(arguments) => install::run(arguments),
        Command::NewProgram(arguments) => new_program::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Sizes(arguments) => sizes::run(arguments),
        Command::Coverage(arguments) => coverage::run(arguments),
        Command::Mutants(arguments) => mutants::run(arguments),
        Command::Api(arguments) => api::run(arguments),
        Command::Graph(arguments) => graph::run(arguments),
        Command::Stress(arguments) => stress::run(arguments),
        Command::Fuzz(arguments) => fuzz::run(arguments),
        Command::Campaign(arguments) => campaign::run(arguments),
        Command::FuzzInputs(arguments) => fuzz_inputs::run(arguments),
        Command::Loom(arguments) => loom::run(arguments),
        Command::Miri(arguments) => miri::run(arguments),
        Command::Selftest(arguments) => selftest::run(arguments),
        Command::Image(arguments) => disk_image::run(arguments),
        Command::Disk(arguments) => disk::run(arguments),
        Command::Debug(arguments) => debug::run(arguments),
        Command::Log(arguments) => log::run(arguments),
        Command::NewServer(arguments) => new_server::run(arguments),
        Command::Build(arguments) => build::run(arguments),
        Command::Setup(arguments) => setup::run(arguments),
    }
}
