//! The interface of `proc`: programs, signals, exit statuses.
//!
//! A program that `proc` started finds in its startup block: `names`, `proc` (its own
//! line to `proc`, by which `proc` knows it) and `signals` (the notification whose bit
//! n stands for signal n; register it as the upcall). The first argument is the program
//! itself, as `env.name()`; `env.args()` are the others.
//!
//! Signals are numbers on the wire, so that a shell can call every method;
//! [`Signal`] gives them names.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod signal;
mod status;

pub use error::ProcError;
pub use signal::{DefaultAction, Signal};
pub use status::ExitStatus;

use alloc::string::String;
use alloc::vec::Vec;

/// What a program does about a signal.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// What [`Signal::default_action`] says.
    Default,
    /// Nothing.
    Ignore,
    /// It has a handler: its `signals` notification gets the bit.
    Handled,
}

/// What a program is doing.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramState {
    /// It runs or waits.
    Running,
    /// Stopped by SIGSTOP or SIGTSTP.
    Stopped,
    /// It ended, and nobody has waited for it yet.
    Ended(ExitStatus),
}

/// A program that was started, for `ps`.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramInfo {
    /// Process id, as the kernel counts.
    pub pid: u32,
    /// Process id of the program that started it; 0 when a server did.
    pub parent: u32,
    /// Name of its file.
    pub name: String,
    /// What it is doing.
    pub state: ProgramState,
    /// Whether Ctrl-C goes to it.
    pub foreground: bool,
    /// Its priority.
    pub priority: u8,
    /// Pages it uses now.
    pub pages: u32,
    /// Pages it may use.
    pub pages_limit: u32,
    /// Handles it holds.
    pub handles: u32,
    /// Threads it has.
    pub threads: u32,
    /// Time in user mode.
    pub user_ns: u64,
    /// Time the kernel spent for it.
    pub kernel_ns: u64,
}

/// Starts programs and sends them signals.
#[service::interface(version = 1, max_message = 16384)]
pub trait Proc {
    /// Starts a program of the boot archive: its process id.
    fn spawn(
        &mut self,
        program: String,
        arguments: Vec<String>,
        foreground: bool,
    ) -> Result<u32, ProcError>;

    /// Waits until the program has ended and forgets it.
    #[deferred]
    fn wait(&mut self, pid: u32) -> Result<ExitStatus, ProcError>;

    /// Sends a signal.
    fn kill(&mut self, pid: u32, signal: u8) -> Result<(), ProcError>;

    /// Sends a signal to the program in the foreground; false when there is none.
    fn signal_foreground(&mut self, signal: u8) -> Result<bool, ProcError>;

    /// Makes a program the foreground one; 0: none is.
    #[idempotent]
    fn set_foreground(&mut self, pid: u32) -> Result<(), ProcError>;

    /// Sets what the calling program does about a signal, and tells what it did.
    fn sigaction(&mut self, signal: u8, disposition: Disposition)
    -> Result<Disposition, ProcError>;

    /// All programs that were started and not waited for.
    #[idempotent]
    fn list(&mut self) -> Result<Vec<ProgramInfo>, ProcError>;

    /// The programs that can be started.
    #[idempotent]
    fn programs(&mut self) -> Result<Vec<String>, ProcError>;
}
