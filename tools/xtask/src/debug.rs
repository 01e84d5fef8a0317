//! `debug`: a machine that waits for gdb.

use crate::build;
use crate::run::{MachineArguments, on_terminal};
use anyhow::Result;
use clap::Args;

/// Boot a machine that waits for gdb before its first instruction.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// The user program with symbols for gdb
    #[arg(long, value_name = "NAME", default_value = "shell")]
    program: String,
    /// The port for gdb
    #[arg(long, default_value_t = 1234)]
    port: u16,
    /// Show the decoded system log while it is written
    #[arg(long)]
    log: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let mut machine = arguments.machine.prepare("debug")?;
    machine.gdb_port = Some(arguments.port);
    let elfs = build::elfs();
    let kernel = elfs.kernel().display().to_string();
    let program = elfs.program(&arguments.program).display().to_string();
    eprintln!("the machine waits; in another terminal:");
    eprintln!("  {}", gdb_line(&kernel, None, arguments.port));
    eprintln!("or with the symbols of {} too:", arguments.program);
    eprintln!("  {}", gdb_line(&kernel, Some(&program), arguments.port));
    on_terminal(&machine, arguments.log, None)
}

/// The breakpoint is a hardware one: gdb sets it before the kernel is loaded.
fn gdb_line(kernel: &str, program: Option<&str>, port: u16) -> String {
    let symbols = program.map(|file| format!(" -ex 'add-symbol-file {file}'")).unwrap_or_default();
    format!(
        "gdb {kernel}{symbols} -ex 'target remote 127.0.0.1:{port}' -ex 'hbreak postern::running' -ex continue"
    )
}
