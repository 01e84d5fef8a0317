//! Signals as `proc` gives them to programs.

use anyhow::{Result, ensure};
use qemu_harness::Session;
use std::time::Duration;
use system_tests::{COMMAND, at_prompt, eventually, expect};

/// How long the table, or many signals, may take on a busy machine.
const LONG: Duration = Duration::from_secs(150);

fn background(session: &mut Session, what: &str) -> Result<()> {
    expect(session, &format!("run signals {what} &"), &["["])?;
    Ok(())
}

/// Sends a signal, and waits until `ps` tells of its effect.
fn kill(session: &mut Session, signal: &str, effect: &str) -> Result<()> {
    session.run(&format!("kill -{signal} signals"), COMMAND)?;
    let row = |line: &str| line.contains("signals") && line.contains(effect);
    eventually(session, "ps", effect, |table| table.lines().any(row).then_some(()))
}

#[test]
fn a_signal_without_a_handler_kills() {
    at_prompt("signals-kill", |session| {
        background(session, "sleep")?;
        kill(session, "TERM", "killed by SIGTERM")
    });
}

#[test]
fn a_handler_runs_in_the_program_itself() {
    at_prompt("signals-handle", |session| {
        background(session, "handle TERM")?;
        session.wait_for("waiting for SIGTERM", COMMAND)?;
        session.send_line("kill -TERM signals")?;
        session.wait_for("was handled", COMMAND)?;
        session.settle(COMMAND)?;
        Ok(())
    });
}

#[test]
fn a_stopped_program_stands_still_until_it_is_continued() {
    at_prompt("signals-stop", |session| {
        background(session, "sleep")?;
        kill(session, "STOP", "stopped")?;
        kill(session, "CONT", "running")?;
        kill(session, "9", "killed by SIGKILL")
    });
}

/// Runs a program that prints TAP: all is well, and nothing is missing.
fn tap(session: &mut Session, command: &str, least: usize) -> Result<()> {
    let printed = session.run(command, LONG)?;
    let good = printed.lines().filter(|line| line.starts_with("ok ")).count();
    ensure!(!printed.contains("not ok"), "a rule does not hold:\n{printed}");
    ensure!(printed.contains(&format!("1..{good}")), "some rules were not tried:\n{printed}");
    ensure!(good >= least, "only {good} rules");
    expect(session, "status", &["0"])?;
    Ok(())
}

#[test]
fn every_rule_of_the_table_holds() {
    at_prompt("signals-table", |session| tap(session, "run signals table", 76));
}

#[test]
fn every_rule_holds_in_32_bits() {
    at_prompt("signals-table32", |session| tap(session, "run signals32 table", 73));
}

#[test]
fn twenty_thousand_signals_come_once_and_in_order() {
    at_prompt("signals-stress", |session| tap(session, "run signals stress 20000", 1));
}
