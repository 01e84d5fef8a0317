//! A program that tries everything: the kernel and every other server live on.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::Session;
use std::time::Duration;
use system_tests::{COMMAND, at_prompt, expect, restarts, with_machine};

/// The row of `ps` with this name.
fn row(session: &mut Session, name: &str) -> Result<Option<String>> {
    let table = session.run("ps", COMMAND)?;
    let of_name = |line: &&str| line.split_whitespace().nth(1) == Some(name);
    Ok(table.lines().find(of_name).map(str::to_owned))
}

#[test]
fn a_process_that_a_program_made_is_seen_and_killed() {
    at_prompt("hostile-child", |session| {
        session.mark();
        session.send_line("run hostile keeps-orphan &")?;
        session.wait_for("it spins", COMMAND)?;
        session.settle(COMMAND)?;
        let spinner = row(session, "spinner")?.context("`ps` does not tell of it")?;
        ensure!(spinner.contains("process") && spinner.contains("running"), "{spinner}");
        expect(session, "top", &["spinner"])?;
        expect(session, "kill -STOP spinner", &["kill:"])?;
        expect(session, "kill -9 spinner", &[])?;
        ensure!(row(session, "spinner")?.is_none(), "it still runs");
        expect(session, "kill -9 hostile", &[])?;
        Ok(())
    });
}

#[test]
fn nothing_outlives_the_program_that_made_it() {
    at_prompt("hostile-orphan", |session| {
        // Each takes a part of what programs may have: it is given back, or the last fail.
        for _ in 0..40 {
            expect(session, "run hostile orphan", &[])?;
        }
        ensure!(row(session, "spinner")?.is_none(), "an orphan runs");
        expect(session, "run hello", &["Hello, world!"])?;
        Ok(())
    });
}

#[test]
fn a_program_that_starts_programs_leaves_room_for_others() {
    at_prompt("hostile-spawns", |session| {
        session.mark();
        session.send_line("run hostile spawns &")?;
        session.wait_for("no more: programs that programs start have at most", COMMAND)?;
        session.settle(COMMAND)?;
        expect(session, "run hello", &["Hello, world!"])?;
        expect(session, "run hello", &["Hello, world!"])?;
        Ok(())
    });
}

#[test]
fn a_flood_of_the_log_is_cut_off_and_hides_nothing() {
    let change = |_: &mut qemu_harness::Machine| Ok(());
    let outcome = with_machine("hostile-log", change, |session| {
        expect(session, "run hostile floods-log", &["the log is full of it"])?;
        expect(session, "run hello", &["Hello, world!"])?;
        Ok(())
    });
    let lines = outcome.log_lines();
    let noise = lines.iter().filter(|line| line.contains("noise ")).count();
    assert!((1000..50_000).contains(&noise), "{noise} records of noise");
    assert!(lines.iter().any(|line| line.contains("records dropped")), "what was dropped is told");
    assert!(lines.iter().any(|line| line.contains("hello runs as process")), "others log");
}

#[test]
fn a_hostile_program_harms_only_itself() {
    at_prompt("hostile", |session| {
        let report = session.run("run hostile", Duration::from_secs(120))?;
        let attempts = report.lines().filter(|line| line.starts_with("ok ")).count();
        ensure!(attempts >= 30, "only {attempts} attempts:\n{report}");
        ensure!(report.contains(&format!("{attempts} attempts, 0 got away")), "{report}");
        expect(session, "status", &["0"])?;
        for server in ["names", "console", "proc", "template", "shell"] {
            ensure!(restarts(session, server)? == 0, "{server} was restarted");
        }
        expect(session, "call template add 40 2", &["42"])?;
        expect(session, "selftest", &["0 failed"])?;
        Ok(())
    });
}
