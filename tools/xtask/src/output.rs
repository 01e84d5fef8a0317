//! Output of commands. The macros of std panic when the reader is gone or the disk is full; the
//! ones here, which replace them in this crate, do not.
//!
//! After a closed pipe (`cargo xtask graph | head -1`) the command goes on silently. Output lost
//! for another reason, such as a full disk, makes the command fail at its end. Error texts that
//! cannot be written are dropped.

use std::fmt::Arguments;
use std::io::{Error, ErrorKind, Result, StdoutLock, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Why standard output cannot be written any more.
static ENDED: Mutex<Option<Error>> = Mutex::new(None);

/// Prints to standard output. False when nothing more can be printed.
pub(crate) fn print(text: Arguments<'_>) -> bool {
    write(|out| out.write_fmt(text))
}

/// Prints bytes to standard output at once. False when nothing more can be printed.
pub(crate) fn bytes(bytes: &[u8]) -> bool {
    write(|out| out.write_all(bytes).and_then(|()| out.flush()))
}

/// Prints to standard error.
pub(crate) fn eprint(text: Arguments<'_>) {
    // There is no other place to report the loss.
    let _ = std::io::stderr().lock().write_fmt(text);
}

/// Fails when standard output was lost. Called once all is printed.
///
/// # Errors
/// Why it could not be written.
pub(crate) fn finish() -> anyhow::Result<()> {
    write(|out| out.flush());
    match ended().take() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("standard output was lost"))
        }
        _ => Ok(()),
    }
}

fn write(write: impl FnOnce(&mut StdoutLock<'_>) -> Result<()>) -> bool {
    let mut ended = ended();
    if ended.is_none() {
        *ended = write(&mut std::io::stdout().lock()).err();
    }
    ended.is_none()
}

fn ended() -> MutexGuard<'static, Option<Error>> {
    ENDED.lock().unwrap_or_else(PoisonError::into_inner)
}

macro_rules! print {
    ($($text:tt)*) => {{ $crate::output::print(::core::format_args!($($text)*)); }};
}

macro_rules! println {
    () => { print!("\n") };
    ($($text:tt)*) => { print!("{}\n", ::core::format_args!($($text)*)) };
}

macro_rules! eprint {
    ($($text:tt)*) => { $crate::output::eprint(::core::format_args!($($text)*)) };
}

macro_rules! eprintln {
    () => { eprint!("\n") };
    ($($text:tt)*) => { eprint!("{}\n", ::core::format_args!($($text)*)) };
}
