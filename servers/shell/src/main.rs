//! The shell: reads lines from the console, runs commands, survives every server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod commands;
mod interrupts;
mod session;
mod shell;
mod trouble;

rt::entry!(main);

/// Heap for the longest tables and a few of their copies, in bytes.
const RESERVE_BYTES: usize = 128 << 10;

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    // The heap grows once, here: growth after hundreds of commands would look like a leak.
    drop(core::hint::black_box(alloc::vec::Vec::<u8>::with_capacity(RESERVE_BYTES)));
    interrupts::watch(env.names())?;
    let mut session = session::Session::new(shell::Shell::new(env)?);
    session.greet();
    loop {
        session.line();
    }
}
