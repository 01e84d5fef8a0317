//! A reader of lines.

use crate::{ConsoleClient, ConsoleError};
use alloc::string::String;
use service::CallError;

/// Reads one line after the other, each exactly once.
pub struct LineReader {
    ticket: u64,
}

impl LineReader {
    /// A new reader. Its tickets start at the time, so that a program that was started
    /// again never uses an old one.
    pub fn new() -> Self {
        Self { ticket: sys::clock() }
    }

    /// Waits for the next line.
    ///
    /// # Errors
    /// The console's refusals, or why it cannot be reached. Called again after that it
    /// asks for the same line.
    pub fn read(
        &mut self,
        console: &ConsoleClient,
        prompt: &str,
    ) -> Result<String, CallError<ConsoleError>> {
        let answer = console.read_line(prompt, self.ticket);
        if matches!(answer, Ok(_) | Err(CallError::Service(_))) {
            self.ticket = self.ticket.wrapping_add(1);
        }
        answer
    }
}

impl Default for LineReader {
    fn default() -> Self {
        Self::new()
    }
}
