//! Signals as `proc` gives them to programs.

use anyhow::Result;
use qemu_harness::Session;
use system_tests::{COMMAND, at_prompt, expect};

fn background(session: &mut Session, what: &str) -> Result<()> {
    expect(session, &format!("run signals {what} &"), &["["])?;
    Ok(())
}

#[test]
fn a_signal_without_a_handler_kills() {
    at_prompt("signals-kill", |session| {
        background(session, "sleep")?;
        session.run("kill -TERM signals", COMMAND)?;
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
        session.run("kill -STOP signals", COMMAND)?;
        expect(session, "ps", &["stopped"])?;
        session.run("kill -CONT signals", COMMAND)?;
        expect(session, "ps", &["running"])?;
        session.run("kill -9 signals", COMMAND)?;
        expect(session, "ps", &["killed by SIGKILL"])?;
        Ok(())
    });
}
