//! The interface of the console: text out, lines in, the keys Ctrl-C, Ctrl-Z, Ctrl-\, Ctrl-].
//!
//! The leader of the session, which the manifest names, and the clients in the foreground may
//! read; one reader at a time has the terminal, the newest of them. A reader uses [`LineReader`],
//! which numbers its requests, so that a line is neither lost nor read twice when the
//! console is restarted between its request and the answer.
//!
//! Errors: [`ConsoleError`]; Ctrl-C and Ctrl-D while reading are among them.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod reader;
mod source;
pub mod stdio;

pub use reader::LineReader;
pub use source::{TERMINAL, TerminalSource};

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Why there is no line.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleError {
    /// Ctrl-C was pressed; what was typed is dropped.
    Interrupted,
    /// Ctrl-D was pressed on an empty line.
    EndOfInput,
    /// Another client began to read, or the caller is in the foreground no longer.
    Superseded,
    /// The caller is in the background: only the leader of the session and the clients that
    /// it puts into the foreground read.
    Background,
    /// Only the leader of the session may do this.
    NotLeader,
    /// There is no such terminal any more.
    Gone,
}

impl fmt::Display for ConsoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupted => "interrupted",
            Self::EndOfInput => "end of input",
            Self::Superseded => "another program reads the terminal",
            Self::Background => "a program in the background cannot read the terminal",
            Self::Gone => "the terminal is gone",
            Self::NotLeader => "only the leader of the terminal's session may do this",
        })
    }
}

impl core::error::Error for ConsoleError {}

/// A key that is not for the line but for the foreground. The leader of the session hears of
/// it and decides.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlKey {
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
    /// Ctrl-\.
    Quit,
    /// Ctrl-]: the leader has the terminal back, whatever the foreground does about signals.
    Attention,
}

/// What a reader of lines with completion gets.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A line is complete.
    Line(String),
    /// Tab was pressed. The line stays on the screen; this is its text before the cursor.
    Tab(String),
}

/// A key of the terminal, for a program that draws the screen itself.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawKey {
    /// A printable character.
    Char(char),
    /// Ctrl and this letter, in lower case.
    Control(char),
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Deletes to the left.
    Backspace,
    /// Deletes under the cursor.
    Delete,
    /// Cursor keys.
    Left,
    /// See `Left`.
    Right,
    /// See `Left`.
    Up,
    /// See `Left`.
    Down,
    /// To the start.
    Home,
    /// To the end.
    End,
    /// A screen back.
    PageUp,
    /// A screen forward.
    PageDown,
}

/// The size of the terminal, in cells.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// A terminal.
#[service::interface(version = 5)]
pub trait Console {
    /// Prints text, above the line that is being edited if there is one. The answer comes when the
    /// terminal has room for more.
    #[deferred]
    #[idempotent]
    fn write(&mut self, text: String) -> Result<(), ConsoleError>;

    /// Waits for a line, edited behind the prompt. The same ticket asks for the same line
    /// again, a new one for the next. When the leader reads, the foreground is its own.
    #[deferred]
    #[idempotent]
    fn read_line(&mut self, prompt: String, ticket: u64) -> Result<String, ConsoleError>;

    /// As [`Console::read_line`], and Tab is told to the caller, which then types what completes
    /// the line ([`Console::type_text`]) and reads again, with a new ticket.
    #[deferred]
    #[idempotent]
    fn read_or_tab(&mut self, prompt: String, ticket: u64) -> Result<Input, ConsoleError>;

    /// Types text at the cursor, as if the user had. Only for the leader of the session.
    fn type_text(&mut self, text: String) -> Result<(), ConsoleError>;

    /// Sets the lines that the user goes back to, the oldest first. Only for the leader.
    #[idempotent]
    fn set_history(&mut self, lines: Vec<String>) -> Result<(), ConsoleError>;

    /// Waits for the next key, which is not echoed. From the first such call until the caller, or
    /// another client, reads a line, keys are kept for it. Ctrl-C is such a key, too; Ctrl-] is
    /// still the leader's.
    #[deferred]
    fn read_key(&mut self) -> Result<RawKey, ConsoleError>;

    /// The size of the terminal: as it was reported, else 80 columns and 24 rows.
    #[idempotent]
    fn size(&mut self) -> Result<Size, ConsoleError>;

    /// Waits for a key that is pressed while the caller does not read, and is not for the
    /// line. Only the leader can wait.
    #[deferred]
    #[idempotent]
    fn wait_control(&mut self) -> Result<ControlKey, ConsoleError>;

    /// Puts these clients, by their badges, into the foreground, in place of those before;
    /// none: the leader has the terminal. For the leader and the server that starts programs.
    #[idempotent]
    fn set_foreground(&mut self, clients: Vec<u64>) -> Result<(), ConsoleError>;
}
