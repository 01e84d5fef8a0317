//! `run signals WHAT`: a program to send signals to; the table of POSIX's rules, each with
//! its test (`run signals table`); and many signals at once (`run signals stress N`).
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod children;
mod context;
#[path = "../../bench/src/figures.rs"]
mod figures;
mod price;
mod rows;
mod stress;
mod table;
mod terminal;

use alloc::format;
use console_api::stdio::Stdio;
use console_api::{ConsoleClient, ConsoleError};
use core::sync::atomic::{AtomicU8, Ordering};
use proc_api::signals::Signals;
use proc_api::{Flags, Signal};
use rt::Failure;
use service::CallError;

rt::entry!(main);

const USAGE: &str = "usage: signals spin | sleep | handle SIGNAL | ignore SIGNAL | read | steal | \
                     leaves-thief | deaf | table | row N | stress [N] | price\n";

/// The last signal that came.
static CAME: AtomicU8 = AtomicU8::new(0);

fn main(env: rt::Env) -> Result<(), Failure> {
    let mut arguments = env.args();
    let (what, word) = (arguments.next().unwrap_or(""), arguments.next());
    let signal = word.unwrap_or("INT");
    match what {
        "spin" => loop {
            core::hint::spin_loop();
        },
        "sleep" => sys::sleep_until(sys::FOREVER),
        "child" => children::run(&env, word.unwrap_or("")),
        "row" => table::run_row(&env, word.unwrap_or(""))?,
        "table" => table::run_all(&env)?,
        "stress" => stress::run(&env, word.and_then(|word| word.parse().ok()).unwrap_or(20_000))?,
        "nothing" => {}
        "price" => price::table(&env)?,
        "send" => stress::send(&env)?,
        "receive" => stress::receive(&env)?,
        _ => {
            let mut stdio = Stdio::open(&env);
            let console = ConsoleClient::connect(env.names())?;
            let signals = Signals::start(&env)?;
            match what {
                "handle" => handle(&mut stdio, &signals, parse(signal)?)?,
                "ignore" => ignore(&mut stdio, &signals, parse(signal)?)?,
                "read" => read(&mut stdio, &console, &signals)?,
                "steal" => terminal::steal(&console, &signals, &env)?,
                "leaves-thief" => terminal::leaves_thief(&signals, &env)?,
                "deaf" => terminal::deaf(&console, &signals)?,
                _ => {
                    stdio.print(USAGE)?;
                    rt::exit(2)
                }
            }
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Signal, Failure> {
    Signal::parse(text).ok_or_else(|| Failure::from("no such signal"))
}

/// Waits for a signal with a handler, says which came.
fn handle(stdio: &mut Stdio, signals: &Signals, signal: Signal) -> Result<(), Failure> {
    signals.handle(signal, Flags::NONE, |info, _| {
        CAME.store(info.signal.number(), Ordering::Relaxed);
    })?;
    stdio.print(format!("waiting for {signal}\n"))?;
    while CAME.load(Ordering::Relaxed) == 0 {
        sys::sleep_for(1_000_000);
    }
    stdio.print(format!("{signal} was handled\n"))?;
    Ok(())
}

/// Ignores a signal for ever.
fn ignore(stdio: &mut Stdio, signals: &Signals, signal: Signal) -> Result<(), Failure> {
    signals.ignore(signal)?;
    stdio.print(format!("ignoring {signal}\n"))?;
    sys::sleep_until(sys::FOREVER);
    Ok(())
}

/// Reads a line as a program in the foreground; in the background it is stopped until then.
fn read(stdio: &mut Stdio, console: &ConsoleClient, signals: &Signals) -> Result<(), Failure> {
    let mut reader = console_api::LineReader::new();
    loop {
        if let Err(error) = signals.may_read() {
            stdio.print(format!("not read: {error}\n"))?;
            return Ok(());
        }
        match reader.read(console, "line? ") {
            Ok(line) => return Ok(stdio.print(format!("read `{line}`\n"))?),
            // The shell took the terminal while this program was stopped.
            Err(CallError::Service(ConsoleError::Superseded | ConsoleError::Background)) => {}
            Err(error) => return Ok(stdio.print(format!("not read: {error}\n"))?),
        }
    }
}
