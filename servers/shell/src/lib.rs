//! The shell: reads lines from the console, runs commands, survives every server.
//!
//! **Shape.** [`syntax`] makes pipelines of a line, [`expand`] gives its words their values and
//! paths, `run` carries them out: each command writes into the next one, `commands` has a table of
//! all, `filters` those that read input. Files are those of the volumes that the manifest lets the
//! shell see. The terminal is the console, or the one that the handle `terminal` names: then
//! `proc` has started the shell, it ends with `exit`, and `-c COMMAND` has it carry out one line. Tests run the whole on the host, with volumes in memory.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;

mod commands;
mod completion;
mod devices;
pub mod expand;
mod filters;
mod glob;
mod history;
mod http;
mod input;
mod interrupts;
mod launch;
mod options;
mod run;
mod screen;
mod session;
mod shared;
mod shell;
mod sinks;
mod strace;
mod stream;
mod sum;
pub mod syntax;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod trouble;
mod types;
mod units;
mod value;

pub use session::Session;
pub use shell::Shell;

/// Heap for the longest tables and a few of their copies, in bytes.
const RESERVE_BYTES: usize = 128 << 10;

/// The program.
///
/// # Errors
/// When there will never be a console for it.
pub fn main(env: rt::Env) -> Result<(), rt::Failure> {
    // The heap grows once, here: growth after hundreds of commands would look like a leak.
    drop(core::hint::black_box(alloc::vec::Vec::<u8>::with_capacity(RESERVE_BYTES)));
    let words: Vec<&str> = env.args().collect();
    let mut shell = Shell::new(env)?;
    if let ["-c", line] = words[..] {
        shell.run_line(line);
        rt::exit(shell.ended().unwrap_or(shell.status()));
    }
    let mut session = Session::new(&mut shell);
    session.greet();
    loop {
        session.line();
        if let Some(status) = session.ended() {
            rt::exit(status);
        }
    }
}
