//! Programs that want the terminal for themselves.

use alloc::format;
use alloc::vec;
use console_api::{ConsoleClient, ConsoleError, LineReader};
use proc_api::Signal;
use proc_api::signals::Signals;
use rt::Failure;
use service::CallError;

/// Signals by which keys and people end or stop a program.
const KEYS: [Signal; 4] = [Signal::INT, Signal::QUIT, Signal::TSTP, Signal::TERM];
const PAUSE_NS: u64 = 1_000_000;

/// Tries to get lines and keys without asking whether it may, for ever. What it gets it prints.
pub(crate) fn steal(
    console: &ConsoleClient,
    signals: &Signals,
    env: &rt::Env,
) -> Result<(), Failure> {
    let own = signals.quietly(|proc| proc.ids(0))?;
    let keys = console.wait_control().err();
    let taken = console.set_foreground([0]).err();
    let given = signals.quietly(|proc| proc.set_foreground(own.pid)).err();
    let sleep = || vec!["sleep".into()];
    let child = signals.quietly(|proc| proc.spawn(env.name(), sleep(), true)).err();
    console.write(format!("refused: {keys:?} {taken:?} {given:?} {child:?}\n"))?;
    let programs = signals.quietly(|proc| proc.list())?;
    if let Some(other) = programs.iter().find(|program| program.ids.group != own.group) {
        let (pid, kill) = (other.ids.pid, Signal::KILL.number());
        let one = signals.quietly(|proc| proc.kill(pid, kill)).err();
        let group = signals.quietly(|proc| proc.kill_group(pid, kill)).err();
        console.write(format!("not killed: {one:?} {group:?}\n"))?;
    }
    let mut reader = LineReader::new();
    loop {
        match reader.read(console, "stolen? ") {
            Ok(line) => console.write(format!("stole `{line}`\n"))?,
            Err(CallError::Service(ConsoleError::Interrupted)) => console.write("stole a key\n")?,
            Err(_) => sys::sleep_for(PAUSE_NS),
        }
    }
}

/// Leaves a thief in its group, which was in the foreground, and ends.
pub(crate) fn leaves_thief(signals: &Signals, env: &rt::Env) -> Result<(), Failure> {
    let steal = || vec!["steal".into()];
    signals.quietly(|proc| proc.spawn(env.name(), steal(), false))?;
    Ok(())
}

/// Does nothing about any key.
pub(crate) fn deaf(console: &ConsoleClient, signals: &Signals) -> Result<(), Failure> {
    for signal in KEYS {
        signals.handle(signal, proc_api::Flags::NONE, |_, _| {})?;
    }
    console.write("waiting for nothing\n")?;
    loop {
        sys::sleep_for(PAUSE_NS);
    }
}
