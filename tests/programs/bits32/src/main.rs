//! `run bits32`: what the kernel does for 32-bit code, tried by every way in.
//!
//! **Shape.** [`checks`] is a table. A check that must end its process runs in a child, which
//! is this program with the check's name as its argument, started through `proc`. Each check
//! prints one line; the status is 1 when one failed.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod calls;
mod checks;
mod outcome;
mod restarts;
mod threads;

use alloc::format;
use alloc::string::String;
use checks::{CHECKS, Check, Wanted};
use console_api::stdio::Stdio;
use outcome::Outcome;
use proc_api::{ExitStatus, ProcClient, Signal};
use rt::Failure;
use sys::hazard;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    if let Some(name) = env.args().next() {
        return alone(name);
    }
    let mut stdio = Stdio::open(&env);
    let proc = ProcClient::from_endpoint(env.handle("proc")?);
    stdio.print(format!("the way in is {:?}\n", hazard::way()))?;
    let mut failed = 0;
    let all = || CHECKS.iter().filter(|check| !matches!(check.wanted, Wanted::Asked));
    for check in all() {
        let line = match run(check, env.name(), &proc) {
            Ok(()) => format!("ok     {}\n", check.name),
            Err(why) => {
                failed += 1;
                format!("FAILED {}: {why}\n", check.name)
            }
        };
        stdio.print(line)?;
    }
    stdio.print(format!("{} checks, {failed} failed\n", all().count()))?;
    rt::exit(u64::from(failed > 0))
}

/// As a child: does what must end it, and ends with status 0 when it did not.
fn alone(name: &str) -> Result<(), Failure> {
    match CHECKS.iter().find(|check| check.name == name) {
        Some(check) => Ok((check.run)()?),
        None => Err("no such check: without an argument all are made".into()),
    }
}

fn run(check: &Check, program: &str, proc: &ProcClient) -> Outcome {
    let signal = match check.wanted {
        Wanted::Good | Wanted::Asked => return (check.run)(),
        Wanted::Killed(signal) => signal,
    };
    let arguments = [String::from(check.name)];
    let pid = proc.spawn(program, arguments, false).map_err(|error| format!("{error}"))?;
    let status = proc.wait(pid).map_err(|error| format!("{error}"))?;
    if ended_by(status, signal) { Ok(()) } else { Err(format!("{status}, not by {signal}")) }
}

fn ended_by(status: ExitStatus, signal: Signal) -> bool {
    matches!(status, ExitStatus::Faulted { signal: found, .. } if found == signal.number())
}
