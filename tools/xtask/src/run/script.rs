//! Types commands at the prompt, as a person would, and shows what a person would see.

use crate::log::Follower;
use anyhow::Result;
use qemu_harness::{Machine, Observer, Screen, Session, Verdict};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Runs the commands, then `shutdown` if the guest still runs: the status to leave with.
pub(super) fn run(
    machine: &Machine,
    commands: &[String],
    log: bool,
    limit: Duration,
    verbose: bool,
) -> Result<u8> {
    let deadline = Instant::now() + limit;
    let follower = log.then(|| Follower::start(&machine.log, &machine.elfs));
    let mut session = machine.start()?;
    session.observe(printer());
    let problem = type_all(&mut session, commands, deadline).err();
    let outcome = session.finish(left(deadline));
    finish_line(&outcome.transcript);
    if let Some(follower) = follower {
        follower.finish();
    }
    if let (true, Some(time)) = (verbose, outcome.time_to_prompt) {
        eprintln!("boot to the prompt: {:.2} s", time.as_secs_f32());
    }
    match (&outcome.verdict, problem) {
        (Verdict::Passed | Verdict::Shutdown(_), _) => {}
        (_, Some(problem)) if outcome.time_to_prompt.is_none() => {
            let first = problem.to_string();
            let first = first.split(';').next().unwrap_or_default();
            eprintln!("error: {first}; the run {}", outcome.explanation());
        }
        _ => eprintln!("error: the run {}", outcome.explanation()),
    }
    Ok(outcome.verdict.status())
}

fn type_all(session: &mut Session, commands: &[String], deadline: Instant) -> Result<()> {
    for command in commands.iter().map(String::as_str).chain(["shutdown"]) {
        if let Err(error) = session.wait_prompt(left(deadline)) {
            // A command before may have been the shutdown.
            return if session.closed() { Ok(()) } else { Err(error) };
        }
        session.send_line(command)?;
    }
    Ok(())
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// Prints each line when it is complete.
fn printer() -> Observer {
    let mut printed = 0;
    Box::new(move |screen: &Screen| {
        let mut out = std::io::stdout().lock();
        for line in &screen.lines()[printed..] {
            // Nobody may be reading any more; the session goes on.
            drop(writeln!(out, "{line}"));
        }
        printed = screen.lines().len();
    })
}

/// Prints the line that was not complete when the machine ended.
fn finish_line(transcript: &str) {
    let last = transcript.rsplit('\n').next().unwrap_or_default();
    if !last.is_empty() {
        println!("{last}");
    }
}
