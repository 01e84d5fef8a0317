//! `run`: boots Postern, for a person at the terminal or for a script.

mod disks;
mod guardian;
mod interactive;
mod lines;
mod machine;
mod network;
mod relay;
mod script;
mod ssh;
mod terminal;
mod web;

pub(crate) use interactive::on_terminal;
pub(crate) use machine::{Firmware, MachineArguments};

use anyhow::Result;
use clap::Args;
use std::io::IsTerminal as _;
use std::time::Duration;

/// Boot Postern; its serial console is this terminal.
///
/// Ctrl-C goes to the guest. Leave with the command `shutdown`, or with Ctrl-A X. Commands
/// from `-c` or standard input are typed at the prompt one by one, and the status of
/// `shutdown` is the exit status.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// Commands for the shell, separated by `;`
    #[arg(short, long, value_name = "COMMANDS")]
    command: Vec<String>,
    /// Show the decoded system log while it is written (to standard error)
    #[arg(long)]
    log: bool,
    /// Stop the machine after this number of seconds [default: none; 120 for scripts]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Print the time of the boot
    #[arg(long, short)]
    verbose: bool,
}

/// The limit of a script without `--timeout`.
const SCRIPT_SECONDS: u64 = 120;

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let commands = if !arguments.command.is_empty() {
        lines::commands(&arguments.command)?
    } else if std::io::stdin().is_terminal() {
        let machine = arguments.machine.prepare("run")?;
        let limit = arguments.timeout.map(Duration::from_secs);
        return on_terminal(&machine, arguments.log, limit);
    } else {
        lines::from_input()?
    };
    let machine = arguments.machine.prepare("run")?;
    let limit = Duration::from_secs(arguments.timeout.unwrap_or(SCRIPT_SECONDS));
    script::run(&machine, &commands, arguments.log, limit, arguments.verbose)
}
