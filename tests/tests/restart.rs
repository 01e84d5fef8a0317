//! Servers die under their clients: nothing hangs, nothing is lost, nothing leaks.

use anyhow::{Context as _, Result, bail, ensure};
use qemu_harness::Session;
use system_tests::{COMMAND, at_prompt, expect, restarts};

/// Every server that may be crashed.
const SERVERS: [&str; 5] = ["names", "console", "proc", "template", "shell"];

#[test]
fn each_server_comes_back_and_its_clients_go_on() {
    at_prompt("restart-each", |session| {
        for server in SERVERS {
            let before = restarts(session, server)?;
            session.run(&format!("crash {server}"), COMMAND)?;
            expect(session, "call template greet you", &["Hello, you!"])?;
            expect(session, "run hello", &["Hello, world!"])?;
            let after = restarts(session, server)?;
            ensure!(after == before + 1, "{server}: {before} restarts, then {after}");
        }
        expect(session, "faults", &SERVERS)?;
        Ok(())
    });
}

#[test]
fn a_client_at_work_gets_answers_or_typed_errors() {
    at_prompt("restart-client", |session| {
        session.run("run client 6 &", COMMAND)?;
        for _ in 0..4 {
            session.run("sleep 1", COMMAND)?;
            session.run("crash template", COMMAND)?;
        }
        let report = report_of_client(session)?;
        let words: Vec<&str> = report.split(' ').collect();
        let number = |index: usize| -> Result<u64> { Ok(words.get(index).unwrap_or(&"").parse()?) };
        ensure!(words.first() == Some(&"client:"), "no report:\n{report}");
        ensure!(number(1)? > 100 && number(3)? == 0, "{report}");
        ensure!(restarts(session, "template")? == 4, "template was not restarted 4 times");
        Ok(())
    });
}

/// The client's last line. On a busy host it may come while a command is still at work.
fn report_of_client(session: &mut Session) -> Result<String> {
    if !session.transcript().contains(" errors") {
        session.wait_for(" errors", COMMAND)?;
    }
    let transcript = session.transcript();
    let at = transcript.rfind("client: ").context("the client told nothing")?;
    Ok(transcript[at..].lines().next().unwrap_or_default().trim_end().to_owned())
}

#[test]
fn the_console_dies_while_someone_types() {
    at_prompt("restart-typing", |session| {
        // The first line keeps the shell busy; the others are typed ahead, complete but
        // unread, when the driver is killed.
        session.mark();
        session.send(b"sleep 1\rkill -9 console\recho first\recho second\r")?;
        session.wait_for("\nfirst", COMMAND)?;
        session.wait_for("\nsecond", COMMAND)?;
        session.wait_prompt(COMMAND)?;
        ensure!(restarts(session, "console")? == 1, "the console was not restarted");
        expect(session, "echo alive", &["alive"])?;
        Ok(())
    });
}

/// What `mem` counts, by name, when everybody has come to rest: after the console's death
/// the shell connects to it again in a moment.
fn counts(session: &mut Session) -> Result<Vec<(String, u64)>> {
    session.run("sleep 1", COMMAND)?;
    let table = session.run("mem", COMMAND)?;
    let wanted = ["free", "processes", "threads", "handles", "others"];
    let mut counts = Vec::new();
    for name in wanted {
        let row = table.lines().find(|line| line.starts_with(name));
        let Some(row) = row else { bail!("mem does not tell `{name}`:\n{table}") };
        let last = row.split_whitespace().last().unwrap_or("");
        counts.push((name.to_owned(), last.parse()?));
    }
    Ok(counts)
}

#[test]
fn two_hundred_crashes_leave_nothing_behind() {
    at_prompt("restart-200", |session| {
        let crash = |session: &mut Session, round: usize| -> Result<()> {
            let server = ["template", "names", "proc", "console"][round % 4];
            session.run(&format!("crash {server}"), COMMAND)?;
            expect(session, "call template greet you", &["Hello, you!"])?;
            Ok(())
        };
        // Caches fill: page tables, heaps, the fault record.
        for round in 0..40 {
            crash(session, round)?;
        }
        let before = counts(session)?;
        for round in 0..200 {
            crash(session, round)?;
        }
        let after = counts(session)?;
        ensure!(before == after, "before {before:?}, after {after:?}");
        Ok(())
    });
}
