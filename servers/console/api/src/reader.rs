//! A reader of lines.

use crate::{ConsoleClient, ConsoleError, Input};
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
        self.settle(answer)
    }

    /// The same, or what is before the cursor when Tab is pressed.
    ///
    /// # Errors
    /// As for [`LineReader::read`].
    pub fn read_or_tab(
        &mut self,
        console: &ConsoleClient,
        prompt: &str,
    ) -> Result<Input, CallError<ConsoleError>> {
        let answer = console.read_or_tab(prompt, self.ticket);
        self.settle(answer)
    }

    /// An answer that arrived uses its ticket up.
    fn settle<T>(
        &mut self,
        answer: Result<T, CallError<ConsoleError>>,
    ) -> Result<T, CallError<ConsoleError>> {
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
