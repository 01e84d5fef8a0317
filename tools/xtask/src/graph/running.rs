//! Asks a running system.

use anyhow::{Result, ensure};
use manifest::parse_link;
use qemu_harness::Machine;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// Boots, types the commands and returns the links of the system: lines `client -> server`.
pub(super) fn links(machine: &Machine, commands: &str) -> Result<Vec<String>> {
    let mut session = machine.start()?;
    session.wait_prompt(LIMIT)?;
    for command in commands.split(';').map(str::trim).filter(|command| !command.is_empty()) {
        session.run(command, LIMIT)?;
    }
    let told = session.run("graph", LIMIT)?;
    session.send_line("shutdown")?;
    let outcome = session.finish(LIMIT);
    ensure!(outcome.verdict.passed(), "{outcome}");
    let lines: Vec<String> =
        told.lines().filter(|line| parse_link(line).is_some()).map(|it| it.trim().into()).collect();
    ensure!(!lines.is_empty(), "the system told of no link:\n{told}");
    Ok(lines)
}
