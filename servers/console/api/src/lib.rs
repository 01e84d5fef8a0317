//! The interface of the console: text out, lines in, the keys Ctrl-C, Ctrl-Z, Ctrl-\.
//!
//! One reader at a time has the terminal: the newest. A reader uses [`LineReader`],
//! which numbers its requests, so that a line is neither lost nor read twice when the
//! console is restarted between its request and the answer.
//!
//! Errors: [`ConsoleError`]; Ctrl-C and Ctrl-D while reading are among them.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod reader;

pub use reader::LineReader;

use alloc::string::String;
use core::fmt;

/// Why there is no line.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleError {
    /// Ctrl-C was pressed; what was typed is dropped.
    Interrupted,
    /// Ctrl-D was pressed on an empty line.
    EndOfInput,
    /// Another client began to read: it has the terminal now.
    Superseded,
}

impl fmt::Display for ConsoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupted => "interrupted",
            Self::EndOfInput => "end of input",
            Self::Superseded => "another program reads the terminal",
        })
    }
}

impl core::error::Error for ConsoleError {}

/// A key that is not for the line but for whoever runs in the foreground.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlKey {
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
    /// Ctrl-\.
    Quit,
}

/// A terminal.
#[service::interface(version = 2)]
pub trait Console {
    /// Prints text, above the line that is being edited if there is one.
    #[idempotent]
    fn write(&mut self, text: String) -> Result<(), ConsoleError>;

    /// Waits for a line, edited behind the prompt. The same ticket asks for the same line
    /// again, a new one for the next.
    #[deferred]
    #[idempotent]
    fn read_line(&mut self, prompt: String, ticket: u64) -> Result<String, ConsoleError>;

    /// Waits for a key that is pressed while the caller does not read, and is not for the
    /// line. One client can wait.
    #[deferred]
    #[idempotent]
    fn wait_control(&mut self) -> Result<ControlKey, ConsoleError>;
}
