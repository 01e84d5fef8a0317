//! `run`: boots Postern, for a person at the terminal or for a script.

mod guardian;
mod interactive;
mod lines;
mod machine;
mod relay;
mod script;
mod terminal;

pub(crate) use interactive::on_terminal;
pub(crate) use machine::{Firmware, MachineArguments};

use anyhow::Result;
use clap::Args;
use std::io::IsTerminal as _;
use std::time::Duration;

/// Boot Postern; its serial console is this terminal.
///
/// Ctrl-C goes to the guest. Leave with the command `shutdown`, or with Ctrl-A X. With
/// `-c`, or with lines on standard input, the commands are typed at the prompt one after
/// the other, and the status of `shutdown` is the status of this command.
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
    /// Stop the machine after so many seconds (scripts: 120 unless told)
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Tell how long the boot took
    #[arg(long, short)]
    verbose: bool,
}

/// How long a script may take when nobody says.
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
