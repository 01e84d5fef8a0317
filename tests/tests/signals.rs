//! Signals as `proc` gives them to programs.

use anyhow::Result;
use qemu_harness::Session;
use system_tests::{COMMAND, at_prompt, expect};

fn background(session: &mut Session, what: &str) -> Result<()> {
    expect(session, &format!("run signals {what} &"), &["["])?;
    Ok(())
}

/// Sends a signal, and gives it a moment to have its effect.
fn kill(session: &mut Session, signal: &str) -> Result<()> {
    session.run(&format!("kill -{signal} signals"), COMMAND)?;
    session.run("sleep 1", COMMAND)?;
    Ok(())
}

#[test]
fn a_signal_without_a_handler_kills() {
    at_prompt("signals-kill", |session| {
        background(session, "sleep")?;
        kill(session, "TERM")?;
        expect(session, "ps", &["killed by SIGTERM"])?;
        Ok(())
    });
}

#[test]
fn a_handler_runs_in_the_program_itself() {
    at_prompt("signals-handle", |session| {
        background(session, "handle TERM")?;
        session.wait_for("waiting for SIGTERM", COMMAND)?;
        session.mark();
        session.send(b"kill -TERM signals\r")?;
        session.wait_for("was handled", COMMAND)?;
        session.wait_prompt(COMMAND)?;
        Ok(())
    });
}

#[test]
fn a_stopped_program_stands_still_until_it_is_continued() {
    at_prompt("signals-stop", |session| {
        background(session, "sleep")?;
        kill(session, "STOP")?;
        expect(session, "ps", &["stopped"])?;
        kill(session, "CONT")?;
        expect(session, "ps", &["running"])?;
        kill(session, "9")?;
        expect(session, "ps", &["killed by SIGKILL"])?;
        Ok(())
    });
}
