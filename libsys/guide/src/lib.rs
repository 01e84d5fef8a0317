//! How to write servers and programs for Postern: a book to read from front to back, or by
//! chapter when you need one.
//!
//! Postern is a microkernel. It knows processes, threads, memory and messages, and nothing
//! else. All the rest (the terminal, signals, restarts, your work) is done by **servers**:
//! ordinary programs that wait for messages and answer them. A server is small, has only the
//! rights that one file gives it, and is started again when it dies. Writing one is writing a
//! Rust trait and an `impl` of it.
//!
//! # Chapters
//!
//! 1. [First server](first_server): an echo server, its test, its client, and how to boot them.
//! 2. [Interfaces](interfaces): arguments, errors, handles, lent bytes, sessions, versions.
//! 3. [Queues](queues): many small things from one process to another without system calls.
//! 4. [Drivers](drivers): interrupts, ports, and doing several things in one thread.
//! 5. [Signals](signals): handlers, masks and waits in a program.
//! 6. [Supervision](supervision): death, restart, and what survives it.
//! 7. [Time](time): budgets, and servers that work on their clients' time.
//! 8. [Testing](testing): a server's real code in `cargo test`, with deaths and time-outs.
//! 9. [Debugging](debugging): what to type when something does not work.
//! 10. [Files and pipes](files): the shell's lines, programs in pipelines, files in programs.
//! 11. [Ordinary Rust programs](ordinary): the standard library, and crates of the registry.
//! 12. [A network server](network): an echo on TCP, its test, its rights, and how to reach it.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | handle | a number by which a process names a kernel object; it has rights |
//! | endpoint | where messages to a server wait |
//! | notification | 64 bits that others set and one waits for |
//! | badge | the number by which a server tells its clients apart; clients cannot forge it |
//! | manifest | `init/system.toml`: which servers run, with what, and which programs may call them |
//! | scheduling context | a budget of time in each period, and a priority |
//! | lifeline | a kernel object that tells one side when the other is gone |
//!
//! # The crates
//!
//! | crate | for |
//! |---|---|
//! | [`service`] | interfaces: client, dispatch, checks from one trait |
//! | [`executor`] | one thread that serves calls, queues, interrupts and timers |
//! | [`queue`] | typed rings in shared memory |
//! | [`keep`] | a value that outlives its server |
//! | [`rt`] | a program's start: arguments, handles, log |
//! | [`sys`] | the system calls themselves, made safe |
//! | [`testkit`] | all of that in tests on your own machine |
//!
//! # Examples
//!
//! `cargo xtask test` builds and runs every example of this book, on the host and over the
//! real core of the kernel. Those that need a machine (upcalls, ports) are only built; they
//! say so.
#![forbid(unsafe_code)]

pub mod debugging;
pub mod drivers;
pub mod files;
pub mod first_server;
pub mod interfaces;
pub mod network;
pub mod ordinary;
pub mod queues;
pub mod signals;
pub mod supervision;
pub mod testing;
pub mod time;
