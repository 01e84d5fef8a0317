//! Job control: keys, `jobs`, `fg`, `bg`.

use anyhow::{Result, ensure};
use qemu_harness::Session;
use system_tests::{COMMAND, at_prompt, eventually, expect};

const CTRL_C: &[u8] = b"\x03";
const CTRL_Z: &[u8] = b"\x1a";
const CTRL_BACKSLASH: &[u8] = b"\x1c";

/// Ctrl-].
const ATTENTION: &[u8] = b"\x1d";

/// Waits until the list of jobs tells of a state.
fn job_at_last(session: &mut Session, state: &str) -> Result<()> {
    let of_signals = |line: &str| line.contains("signals") && line.ends_with(state);
    let found = |jobs: &str| jobs.lines().any(of_signals).then_some(());
    eventually(session, "jobs", state, found)
}

/// Starts a program in the foreground, presses a key when it runs, waits for the prompt.
fn press(session: &mut Session, command: &str, key: &[u8]) -> Result<()> {
    session.mark();
    session.send_line(command)?;
    session.wait_for("waiting for", COMMAND)?;
    session.send(key)?;
    session.wait_prompt(COMMAND)
}

fn job(session: &mut Session, state: &str) -> Result<()> {
    let jobs = session.run("jobs", COMMAND)?;
    let found = jobs.lines().any(|line| line.contains("signals") && line.ends_with(state));
    ensure!(found, "`jobs` does not tell of `{state}`:\n{jobs}");
    Ok(())
}

#[test]
fn ctrl_z_stops_and_the_prompt_is_back_bg_and_fg_go_on() {
    at_prompt("jobs-stop", |session| {
        press(session, "run signals handle USR1", CTRL_Z)?;
        expect(session, "status", &["148"])?;
        job(session, "stopped")?;
        expect(session, "bg", &["signals &"])?;
        job(session, "running")?;
        session.mark();
        session.send(b"fg signals\r")?;
        session.wait_for("] signals\n", COMMAND)?;
        session.send(CTRL_Z)?;
        session.wait_prompt(COMMAND)?;
        job(session, "stopped")?;
        session.send(b"fg\r")?;
        session.wait_for("] signals\n", COMMAND)?;
        session.send(CTRL_C)?;
        session.wait_prompt(COMMAND)?;
        expect(session, "status", &["130"])?;
        let jobs = session.run("jobs", COMMAND)?;
        ensure!(!jobs.contains("signals"), "it is still there:\n{jobs}");
        Ok(())
    });
}

#[test]
fn ctrl_backslash_quits() {
    at_prompt("jobs-quit", |session| {
        press(session, "run signals handle USR1", CTRL_BACKSLASH)?;
        expect(session, "status", &["131"])?;
        Ok(())
    });
}

#[test]
fn keys_for_programs_do_nothing_at_the_prompt() {
    at_prompt("jobs-prompt", |session| {
        session.send(CTRL_Z)?;
        session.send(CTRL_BACKSLASH)?;
        expect(session, "run hello", &["Hello, world!"])?;
        expect(session, "run signals sleep &", &["["])?;
        session.send(CTRL_Z)?;
        job(session, "running")?;
        expect(session, "kill -9 signals", &[])?;
        Ok(())
    });
}

#[test]
fn a_program_in_the_background_that_reads_is_stopped_until_it_may() {
    at_prompt("jobs-read", |session| {
        expect(session, "run signals read &", &["["])?;
        job_at_last(session, "stopped")?;
        session.mark();
        session.send(b"fg\r")?;
        session.wait_for("line? ", COMMAND)?;
        session.send(b"for the program\r")?;
        session.wait_for("read `for the program`", COMMAND)?;
        session.settle(COMMAND)?;
        Ok(())
    });
}

#[test]
fn an_ended_job_is_told_of_once() {
    at_prompt("jobs-ended", |session| {
        expect(session, "run signals sleep &", &["["])?;
        expect(session, "kill signals", &[])?;
        job_at_last(session, "killed by SIGTERM")?;
        let jobs = session.run("jobs", COMMAND)?;
        ensure!(!jobs.contains("signals"), "it is still there:\n{jobs}");
        Ok(())
    });
}

/// Types lines that another program wants; the shell gets them all.
fn lines(session: &mut Session) -> Result<()> {
    session.settle(COMMAND)?;
    for number in 0..10 {
        session.send_line(&format!("echo line-{number}"))?;
        session.wait_for(&format!("\nline-{number}\n"), COMMAND)?;
    }
    Ok(())
}

#[test]
fn a_program_in_the_background_gets_no_line_no_key_and_no_other_job() {
    at_prompt("jobs-thief", |session| {
        let started = expect(session, "run signals sleep &", &["["])?;
        let pid = started.split(['[', ']']).nth(1).unwrap_or_default();
        session.mark();
        session.send_line("run signals steal &")?;
        let refused = session.wait_for("not killed: ", COMMAND)?;
        ensure!(!refused.contains("stole"), "{refused}");
        lines(session)?;
        session.send(CTRL_C)?;
        session.settle(COMMAND)?;
        expect(session, &format!("kill -9 {pid}"), &[])?;
        job_at_last(session, "killed by SIGKILL")?;
        expect(session, "kill -9 signals", &[])?;
        let shown = session.transcript();
        ensure!(!shown.contains("stole"), "a line was stolen:\n{shown}");
        let wanted = format!(
            "not killed: Some(Service(OtherJob {{ pid: {pid} }})) \
             Some(Service(OtherJob {{ pid: {pid} }}))"
        );
        ensure!(shown.contains(&wanted), "no `{wanted}` in\n{shown}");
        let row = shown.lines().find(|line| line.contains("refused: ")).unwrap_or_default();
        let wanted = "refused: Some(Service(NotLeader)) Some(Service(NotLeader)) \
                      Some(Service(Background)) Some(Service(Background))";
        ensure!(row.contains(wanted), "{row}");
        Ok(())
    });
}

#[test]
fn what_a_program_leaves_in_its_group_does_not_read_the_shells_lines() {
    at_prompt("jobs-left", |session| {
        session.mark();
        session.send_line("run signals leaves-thief")?;
        session.wait_for("refused: ", COMMAND)?;
        lines(session)?;
        expect(session, "kill -9 signals", &[])?;
        ensure!(!session.transcript().contains("stole `"), "{}", session.transcript());
        Ok(())
    });
}

#[test]
fn the_leaders_key_gets_the_terminal_back_from_a_program_that_catches_all_others() {
    at_prompt("jobs-deaf", |session| {
        session.mark();
        session.send_line("run signals deaf")?;
        session.wait_for("waiting for", COMMAND)?;
        for key in [CTRL_C, CTRL_Z, CTRL_BACKSLASH] {
            session.send(key)?;
        }
        session.send(ATTENTION)?;
        session.wait_prompt(COMMAND)?;
        expect(session, "status", &["147"])?;
        job(session, "stopped")?;
        session.mark();
        session.send(b"fg\r")?;
        session.wait_for("] signals\n", COMMAND)?;
        session.send(ATTENTION)?;
        session.wait_prompt(COMMAND)?;
        session.send(ATTENTION)?;
        expect(session, "kill -9 signals", &[])?;
        expect(session, "run hello", &["Hello, world!"])?;
        Ok(())
    });
}

#[test]
fn a_long_line_with_wide_characters_is_edited_and_read_as_a_whole() {
    at_prompt("jobs-long", |session| {
        let words = "漢字 and words ".repeat(8);
        session.mark();
        session.send(format!("cho {words}end").as_bytes())?;
        session.send(b"\x01e\r")?;
        session.wait_for(&format!("\n{words}end\n"), COMMAND).map(drop)
    });
}
