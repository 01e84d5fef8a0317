//! Servers die under their clients: nothing hangs, nothing is lost, nothing leaks.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{Machine, Session};
use system_tests::{
    COMMAND, at_prompt, eventually, expect, machine_without_caches, restarts, wait_for_restarts,
    with_machine,
};

/// So often `mem` tells the same when nothing is under way any more.
const AT_REST: u32 = 20;

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
        for crashes in 1..=4 {
            session.run("crash template", COMMAND)?;
            wait_for_restarts(session, "template", crashes)?;
        }
        let report = report_of_client(session)?;
        let words: Vec<&str> = report.split(' ').collect();
        let number = |index: usize| -> Result<u64> { Ok(words.get(index).unwrap_or(&"").parse()?) };
        ensure!(words.first() == Some(&"client:"), "no report:\n{report}");
        ensure!(number(1)? > 100 && number(3)? == 0, "{report}");
        Ok(())
    });
}

/// The client's last line, which may come while a command is still at work.
fn report_of_client(session: &mut Session) -> Result<String> {
    session.wait_shown(" errors", COMMAND)?;
    let transcript = session.transcript();
    let at = transcript.rfind("client: ").context("the client told nothing")?;
    Ok(transcript[at..].lines().next().unwrap_or_default().trim_end().to_owned())
}

#[test]
fn typed_lines_outlive_the_console() {
    at_prompt("restart-typing", |session| {
        // A program has the terminal until Ctrl-Z, so all lines are complete and unread when the
        // shell reads the first one, which kills the driver.
        session.mark();
        session.send_line("run signals handle USR1")?;
        session.wait_for("waiting for", COMMAND)?;
        session.send(b"kill -9 console\recho first\recho second\r\x1a")?;
        session.wait_for("\nfirst", COMMAND)?;
        session.wait_for("\nsecond", COMMAND)?;
        session.settle(COMMAND)?;
        ensure!(restarts(session, "console")? == 1, "the console was not restarted");
        expect(session, "echo alive", &["alive"])?;
        Ok(())
    });
}

/// What `mem` counts: free memory, processes, threads, handles, other objects.
fn counts(table: &str) -> Option<Vec<u64>> {
    let count = |name: &str| {
        let row = table.lines().find(|line| line.starts_with(name))?;
        row.split_whitespace().last()?.parse().ok()
    };
    ["free", "processes", "threads", "handles", "others"].into_iter().map(count).collect()
}

/// The same when it has not changed for a while: what crashed last has come to rest.
fn counts_at_rest(session: &mut Session) -> Result<Vec<u64>> {
    let (mut last, mut times) = (None, 0);
    eventually(session, "mem", "the same again", |table| {
        let now = counts(table);
        times = if now.is_some() && now == last { times + 1 } else { 0 };
        last.clone_from(&now);
        now.filter(|_| times >= AT_REST)
    })
}

#[test]
fn two_hundred_crashes_leave_nothing_behind() {
    let counted = |machine: &mut Machine| {
        *machine = machine_without_caches("restart-200")?;
        Ok(())
    };
    with_machine("restart-200", counted, |session| {
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
        let before = counts_at_rest(session)?;
        for round in 0..200 {
            crash(session, round)?;
        }
        let what = format!("what it told before, {before:?}");
        eventually(session, "mem", &what, |table| counts(table).filter(|now| *now == before))?;
        Ok(())
    });
}
