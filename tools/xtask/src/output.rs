//! Output of commands. The macros of std panic when the reader is gone or the disk is full; the
//! ones here, which replace them in this crate, do not.
//!
//! After a closed pipe (`cargo xtask graph | head -1`) the command goes on silently. Output lost
//! for another reason, such as a full disk, makes the command fail at its end. Error texts that
//! cannot be written are dropped.

use std::fmt::Arguments;
use std::io::{Error, ErrorKind, Write};
use std::sync::Mutex;

/// The state of standard output.
static OUTPUT: Mutex<Output> = Mutex::new(Output { over: false, lost: None });

struct Output {
    /// Nothing more is written.
    over: bool,
    /// Why something could not be written.
    lost: Option<Error>,
}

impl Output {
    fn write(&mut self, text: Arguments<'_>, to: &mut impl Write) {
        if !self.over {
            let written = to.write_fmt(text);
            self.note(written);
        }
    }

    fn note(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written {
            self.over = true;
            self.lost = (error.kind() != ErrorKind::BrokenPipe).then_some(error);
        }
    }
}

/// Prints to standard output. False when nothing more can be printed.
pub(crate) fn print(text: Arguments<'_>) -> bool {
    let mut output = OUTPUT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    output.write(text, &mut std::io::stdout().lock());
    !output.over
}

/// Prints bytes to standard output at once. False when nothing more can be printed.
pub(crate) fn bytes(bytes: &[u8]) -> bool {
    let mut output = OUTPUT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !output.over {
        let mut out = std::io::stdout().lock();
        let written = out.write_all(bytes).and_then(|()| out.flush());
        output.note(written);
    }
    !output.over
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
    let mut output = OUTPUT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !output.over {
        let flushed = std::io::stdout().lock().flush();
        output.note(flushed);
    }
    match output.lost.take() {
        Some(error) => Err(anyhow::Error::new(error).context("standard output was lost")),
        None => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::Output;
    use std::io::{Error, ErrorKind, Write};

    /// A writer that fails with this error.
    struct Refuses(ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(Error::from(self.0))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Err(Error::from(self.0))
        }
    }

    fn after(kind: ErrorKind) -> Output {
        let mut output = Output { over: false, lost: None };
        output.write(format_args!("a"), &mut Refuses(kind));
        output
    }

    #[test]
    fn a_closed_pipe_is_a_quiet_end_and_a_full_disk_is_a_loss() {
        let closed = after(ErrorKind::BrokenPipe);
        assert!(closed.over && closed.lost.is_none());
        let full = after(ErrorKind::StorageFull);
        assert!(full.over && full.lost.unwrap().kind() == ErrorKind::StorageFull);
    }
}
