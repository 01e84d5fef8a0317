//! Types commands at the prompt and shows their output.

use crate::log::Follower;
use crate::selftest::printer;
use anyhow::Result;
use qemu_harness::{Deadline, Machine, Session, Verdict};
use std::time::Duration;

/// Runs the commands, then `shutdown` if the guest still runs. Returns the exit status.
pub(super) fn run(
    machine: &Machine,
    commands: &[String],
    log: bool,
    limit: Duration,
    verbose: bool,
) -> Result<u8> {
    let deadline = Deadline::after(limit);
    let follower = log.then(|| Follower::start(&machine.log, &machine.elfs));
    let mut session = machine.start()?;
    session.observe(printer());
    let problem = type_all(&mut session, commands, deadline).err();
    let outcome = session.finish(deadline.left());
    finish_line(&outcome.transcript);
    drop(follower);
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

fn type_all(session: &mut Session, commands: &[String], deadline: Deadline) -> Result<()> {
    for command in commands.iter().map(String::as_str).chain(["shutdown"]) {
        if let Err(error) = session.wait_prompt(deadline.left()) {
            // A command may have been the shutdown.
            return if session.closed() { Ok(()) } else { Err(error) };
        }
        session.send_line(command)?;
    }
    Ok(())
}

/// Prints the unfinished line at the end of the machine.
fn finish_line(transcript: &str) {
    let last = transcript.rsplit('\n').next().unwrap_or_default();
    if !last.is_empty() {
        println!("{last}");
    }
}
