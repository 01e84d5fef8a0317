//! `run hostile`: tries everything that a program must not get away with.
//!
//! **Shape.** [`attempts`] is a table. An attempt that must be refused runs here; one that
//! must end its process runs in a child, which is this program with the attempt's name as
//! its argument, started through `proc` like any other program. Each attempt prints one
//! line; the status is 1 when something was allowed that must not be.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod attempts;
mod greed;
mod refused;

use alloc::format;
use alloc::string::String;
use attempts::{ATTEMPTS, Attempt, Way};
use console_api::stdio::Stdio;
use proc_api::{ExitStatus, ProcClient, Signal};
use rt::Failure;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    if let Some(name) = env.args().next() {
        return if greed::go(&env, name)? { Ok(()) } else { alone(name) };
    }
    let mut stdio = Stdio::open(&env);
    let proc = ProcClient::from_endpoint(env.handle("proc")?);
    let mut failed = 0;
    for attempt in ATTEMPTS {
        let line = match check(attempt, env.name(), &proc) {
            Ok(()) => format!("ok     {}\n", attempt.name),
            Err(why) => {
                failed += 1;
                format!("FAILED {}: {why}\n", attempt.name)
            }
        };
        stdio.print(line)?;
    }
    stdio.print(format!("{} attempts, {failed} got away with it\n", ATTEMPTS.len()))?;
    rt::exit(u64::from(failed > 0))
}

/// As a child: makes the attempt, and ends with status 0 when it got away with it.
fn alone(name: &str) -> Result<(), Failure> {
    match ATTEMPTS.iter().find(|attempt| attempt.name == name).map(|attempt| &attempt.way) {
        Some(Way::Fatal(run, _)) => run(),
        Some(Way::Refused(run)) => run()?,
        None => return Err("no such attempt: without an argument all are made".into()),
    }
    Ok(())
}

fn check(attempt: &Attempt, program: &str, proc: &ProcClient) -> Result<(), String> {
    match attempt.way {
        Way::Refused(run) => run(),
        Way::Fatal(_, signal) => {
            let arguments = [String::from(attempt.name)];
            let pid = proc.spawn(program, arguments, false).map_err(|error| format!("{error}"))?;
            let status = proc.wait(pid).map_err(|error| format!("{error}"))?;
            if ended_by(status, signal) {
                Ok(())
            } else {
                Err(format!("{status}, not by {signal}"))
            }
        }
    }
}

fn ended_by(status: ExitStatus, signal: Signal) -> bool {
    matches!(status, ExitStatus::Faulted { signal: found, .. } if found == signal.number())
}
