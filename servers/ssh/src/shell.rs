//! The shell of a session.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use console_api::TERMINAL;
use proc_api::{ProcClient, Signal};
use sys::{Endpoint, OwnedHandle};

/// The program of the manifest that is started.
const PROGRAM: &str = "remote-shell";
/// The status of a session without a shell, as other shells have it for what cannot be started.
pub(crate) const NOT_STARTED: u32 = 126;

/// Starts the shell on this terminal, or one command: its process id.
///
/// # Errors
/// Why it does not run, as text.
pub(crate) fn start(
    proc: &ProcClient,
    terminal: Endpoint,
    command: Option<&str>,
) -> Result<u32, String> {
    let text = |error: &dyn core::fmt::Display| error.to_string();
    let launch = proc.launch(PROGRAM).map_err(|error| text(&error))?;
    launch.give(TERMINAL, OwnedHandle::from(terminal)).map_err(|error| text(&error))?;
    let arguments: Vec<String> = match command {
        Some(line) => Vec::from(["-c".to_string(), line.to_string()]),
        None => Vec::new(),
    };
    launch.start(&arguments, false).map_err(|error| text(&error))
}

/// Waits for its end: its status.
pub(crate) fn wait(proc: &ProcClient, pid: u32) -> u32 {
    // Without `proc` there is no shell either.
    proc.wait(pid).map_or(NOT_STARTED, |status| u32::try_from(status.code()).unwrap_or(u32::MAX))
}

/// Tells it that its terminal is gone.
pub(crate) fn hang_up(proc: &ProcClient, pid: u32) {
    // It may have ended already. A stopped one is to see its signal, too.
    let _ = proc.kill(pid, Signal::HUP.number());
    let _ = proc.kill(pid, Signal::CONT.number());
}
