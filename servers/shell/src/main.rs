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

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    interrupts::watch(env.names())?;
    let mut session = session::Session::new(shell::Shell::new(env)?);
    session.greet();
    loop {
        session.line();
    }
}
