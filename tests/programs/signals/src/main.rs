//! `run signals WHAT`: a program to send signals to.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;
use console_api::ConsoleClient;
use core::sync::atomic::{AtomicU8, Ordering};
use proc_api::{Disposition, ProcClient, Signal};
use rt::Failure;

rt::entry!(main);

const USAGE: &str = "usage: signals spin | sleep | handle SIGNAL | ignore SIGNAL | read\n";

/// The last signal that came.
static CAME: AtomicU8 = AtomicU8::new(0);

fn main(env: rt::Env) -> Result<(), Failure> {
    let console = ConsoleClient::connect(env.names())?;
    let mut arguments = env.args();
    let (what, signal) = (arguments.next().unwrap_or(""), arguments.next().unwrap_or("INT"));
    let proc = ProcClient::from_endpoint(env.handle("proc")?);
    match what {
        "spin" => loop {
            core::hint::spin_loop();
        },
        "sleep" => sys::sleep_until(sys::FOREVER),
        "handle" => handle(&console, &proc, parse(signal)?)?,
        "ignore" => ignore(&console, &proc, parse(signal)?)?,
        "read" => read(&console)?,
        _ => {
            console.write(USAGE)?;
            rt::exit(2)
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Signal, Failure> {
    Signal::parse(text).ok_or_else(|| Failure::from("no such signal"))
}

/// Waits for a signal with a handler, says which came.
fn handle(console: &ConsoleClient, proc: &ProcClient, signal: Signal) -> Result<(), Failure> {
    let known = rt::signals::Signal(signal.number());
    rt::signals::handle(known, |came| CAME.store(came.0, Ordering::Relaxed));
    proc.sigaction(signal.number(), Disposition::Handled)?;
    console.write(format!("waiting for {signal}\n"))?;
    while CAME.load(Ordering::Relaxed) == 0 {
        sys::sleep_for(1_000_000);
    }
    console.write(format!("{signal} was handled\n"))?;
    Ok(())
}

/// Ignores a signal for ever.
fn ignore(console: &ConsoleClient, proc: &ProcClient, signal: Signal) -> Result<(), Failure> {
    proc.sigaction(signal.number(), Disposition::Ignore)?;
    console.write(format!("ignoring {signal}\n"))?;
    sys::sleep_until(sys::FOREVER);
    Ok(())
}

/// Reads a line as a program in the foreground.
fn read(console: &ConsoleClient) -> Result<(), Failure> {
    let mut reader = console_api::LineReader::new();
    match reader.read(console, "line? ") {
        Ok(line) => console.write(format!("read `{line}`\n"))?,
        Err(error) => console.write(format!("not read: {error}\n"))?,
    }
    Ok(())
}
