//! One line that is being edited, and everything that is printed around it.
//!
//! The editing itself is the crate `embedded-cli`: it takes one byte at a time and
//! can print above the line and draw it again. (`noline` edits more, but its state
//! machine is private, its editor blocks, it cannot print above the line, and it
//! waits for ever for a terminal that does not answer a cursor request, such as a
//! pipe.) What the crate lacks (Home, End, word deletion) is made here of its keys.

use crate::keys::Key;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::convert::Infallible;
use embedded_cli::cli::{Cli, CliBuilder, CliHandle};
use embedded_cli::command::RawCommand;
use embedded_cli::service::{CommandProcessor, ProcessError};

/// The longest line in bytes.
pub const LINE_MAX: usize = 256;
/// Bytes of history.
pub const HISTORY_MAX: usize = 1024;
/// The longest prompt in bytes, and how many different ones there may be: the crate wants them for ever.
const PROMPT_MAX: usize = 64;
const PROMPTS: usize = 16;

const ERASE_LINE: &str = "\r\x1b[2K";
const BELL: &[u8] = b"\x07";
/// An empty line is handed over instead, so that the reader asks again.
const TOO_LONG: &str = "the line is too long and was not used: at most 256 bytes\r\n";
const LEFT: &[u8] = b"\x1b[D";
const RIGHT: &[u8] = b"\x1b[C";

/// What a key brought about, beside output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A line is complete.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z: the line stays as it is.
    Suspend,
    /// Ctrl-\: the line stays as it is.
    Quit,
    /// Ctrl-D on an empty line.
    EndOfInput,
}

/// Where the crate writes to; emptied after each step.
#[derive(Clone, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl embedded_io::ErrorType for Written {
    type Error = Infallible;
}

impl embedded_io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The crate runs commands; here a line is only read.
struct NoCommands;

impl CommandProcessor<Written, Infallible> for NoCommands {
    fn process<'a>(
        &mut self,
        _: &mut CliHandle<'_, Written, Infallible>,
        _: RawCommand<'a>,
    ) -> Result<(), ProcessError<'a, Infallible>> {
        Ok(())
    }
}

/// The line and the screen around it. All methods return the bytes to send.
pub struct Editor {
    cli: Cli<Written, Infallible, [u8; LINE_MAX], [u8; HISTORY_MAX]>,
    written: Written,
    prompt: &'static str,
    prompts: Vec<&'static str>,
    visible: bool,
    at_line_start: bool,
    /// What an earlier life of the console left in the line is gone.
    clean: bool,
    /// Something was typed that the line has no room for: it must not be run cut.
    overflowed: bool,
}

impl Editor {
    /// An empty, hidden line.
    pub fn new() -> Self {
        let written = Written::default();
        let Ok(cli) = CliBuilder::default()
            .writer(written.clone())
            .command_buffer([0; LINE_MAX])
            .history_buffer([0; HISTORY_MAX])
            .prompt("")
            .build();
        Self {
            cli,
            written,
            prompt: "",
            prompts: Vec::new(),
            visible: false,
            at_line_start: true,
            clean: false,
            overflowed: false,
        }
    }

    /// Takes a key. While the line is hidden, nothing is echoed.
    pub fn key(&mut self, key: Key) -> (Vec<u8>, Option<Event>) {
        let (output, event) = match key {
            Key::Enter => self.complete(),
            Key::Interrupt => (self.abandon(), Some(Event::Interrupt)),
            Key::Suspend => (Vec::new(), Some(Event::Suspend)),
            Key::Quit => (Vec::new(), Some(Event::Quit)),
            Key::EndOfInput if self.text().is_empty() => (Vec::new(), Some(Event::EndOfInput)),
            _ => (self.edit(key), None),
        };
        if event.is_none() && !self.visible { (Vec::new(), None) } else { (output, event) }
    }

    /// Shows the line behind a prompt.
    pub fn show(&mut self, prompt: &str) -> Vec<u8> {
        let mut output = self.fresh_line();
        self.visible = true;
        self.prompt = self.intern(prompt);
        let (_, back) = self.move_to_end();
        let Ok(()) = self.cli.set_prompt(self.prompt);
        let drawn = self.take();
        // An empty line needs no erasing: transcripts stay free of it.
        let skip = if core::mem::replace(&mut self.clean, true) { ERASE_LINE.len() } else { 0 };
        output.extend(drawn.get(skip..).unwrap_or_default());
        output.extend(self.repeat(LEFT, back));
        output
    }

    /// Whether the line is shown.
    pub fn visible(&self) -> bool {
        self.visible
    }

    /// Takes the line off the screen; its text stays.
    pub fn hide(&mut self) -> Vec<u8> {
        if core::mem::replace(&mut self.visible, false) {
            ERASE_LINE.as_bytes().to_vec()
        } else {
            Vec::new()
        }
    }

    /// Prints text: above the line when it is shown.
    pub fn print(&mut self, text: &str) -> Vec<u8> {
        if !self.visible {
            self.at_line_start = text.is_empty() && self.at_line_start || text.ends_with('\n');
            return with_returns(text);
        }
        let (_, back) = self.move_to_end();
        let Ok(()) = self.cli.write(|writer| writer.write_str(&without_returns(text)));
        let mut output = self.take();
        output.extend(self.repeat(LEFT, back));
        output
    }

    /// Prints a prompt and a line that was typed before the prompt was there.
    pub fn print_line(&mut self, prompt: &str, line: &str) -> Vec<u8> {
        let mut output = self.fresh_line();
        output.extend(self.print(&[prompt, line, "\n"].concat()));
        output
    }

    /// The text of the line. (The crate tells it only by drawing it.)
    pub fn text(&mut self) -> String {
        let Ok(()) = self.cli.write(|_| Ok(()));
        let drawn = self.take();
        let text = drawn.get(ERASE_LINE.len() + self.prompt.len()..).unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    /// Puts text into an empty, hidden line, as if typed.
    pub fn restore(&mut self, text: &str) {
        self.feed(text.as_bytes());
    }

    /// Adds a line to the history, as if typed.
    pub fn remember(&mut self, line: &str) {
        self.feed(line.as_bytes());
        self.feed(b"\r");
    }

    fn complete(&mut self) -> (Vec<u8>, Option<Event>) {
        let text = self.text();
        let Ok(()) = self.cli.set_prompt("");
        self.prompt = "";
        self.take();
        let mut output = self.feed(b"\r");
        let shown = core::mem::replace(&mut self.visible, false);
        if core::mem::replace(&mut self.overflowed, false) {
            output.extend(TOO_LONG.as_bytes());
            return (output, Some(Event::Line(String::new())));
        }
        (if shown { output } else { Vec::new() }, Some(Event::Line(text)))
    }

    fn abandon(&mut self) -> Vec<u8> {
        let shown = core::mem::replace(&mut self.visible, false);
        self.move_to_end();
        self.delete_left(usize::MAX);
        self.overflowed = false;
        let start = if shown || self.at_line_start { "" } else { "\r\n" };
        self.at_line_start = true;
        [start, "^C\r\n"].concat().into_bytes()
    }

    fn edit(&mut self, key: Key) -> Vec<u8> {
        // Whoever deletes has heard the bell and sees what the line is.
        let deletes = !matches!(key, Key::Char(_));
        self.overflowed &= !deletes;
        match key {
            Key::Char(character) => self.insert(character),
            Key::Backspace => self.feed(b"\x08"),
            Key::Delete | Key::EndOfInput => self.delete_right(1),
            Key::Left => self.feed(LEFT),
            Key::Right => self.feed(RIGHT),
            Key::Up => self.feed(b"\x1b[A"),
            Key::Down => self.feed(b"\x1b[B"),
            Key::Home => self.move_by(LEFT, usize::MAX).0,
            Key::End => self.move_to_end().0,
            Key::DeleteToStart => self.delete_left(usize::MAX),
            Key::DeleteToEnd => self.delete_right(usize::MAX),
            Key::DeleteWord => self.delete_word(),
            Key::Enter | Key::Interrupt | Key::Suspend | Key::Quit => Vec::new(),
        }
    }

    /// Adds a character; rings when there is no room for it.
    fn insert(&mut self, character: char) -> Vec<u8> {
        let output = self.feed(character.encode_utf8(&mut [0; 4]).as_bytes());
        if output.is_empty() {
            self.overflowed = true;
            return BELL.to_vec();
        }
        output
    }

    /// Deletes up to `count` characters left of the cursor.
    fn delete_left(&mut self, count: usize) -> Vec<u8> {
        self.move_by(b"\x08", count).0
    }

    fn delete_right(&mut self, count: usize) -> Vec<u8> {
        let (mut output, moved) = self.move_by(RIGHT, count);
        output.extend(self.delete_left(moved));
        output
    }

    fn delete_word(&mut self) -> Vec<u8> {
        let text = self.text();
        let (mut output, behind) = self.move_to_end();
        output.extend(self.repeat(LEFT, behind));
        let before: Vec<char> = text.chars().rev().skip(behind).collect();
        let blanks = before.iter().take_while(|character| character.is_whitespace()).count();
        let word =
            before.iter().skip(blanks).take_while(|character| !character.is_whitespace()).count();
        output.extend(self.delete_left(blanks + word));
        output
    }

    /// Moves to the end: output, and by how many characters.
    fn move_to_end(&mut self) -> (Vec<u8>, usize) {
        self.move_by(RIGHT, usize::MAX)
    }

    /// Repeats a key while it has an effect (the crate answers each move with output).
    fn move_by(&mut self, key: &[u8], most: usize) -> (Vec<u8>, usize) {
        let mut output = Vec::new();
        let mut count = 0;
        while count < most {
            let step = self.feed(key);
            if step.is_empty() {
                break;
            }
            output.extend(step);
            count += 1;
        }
        (output, count)
    }

    fn repeat(&mut self, key: &[u8], count: usize) -> Vec<u8> {
        self.move_by(key, count).0
    }

    fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        for byte in bytes {
            let Ok(()) = self.cli.process_byte::<RawCommand<'_>, _>(*byte, &mut NoCommands);
        }
        self.take()
    }

    fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut *self.written.0.borrow_mut())
    }

    fn fresh_line(&mut self) -> Vec<u8> {
        if core::mem::replace(&mut self.at_line_start, true) {
            Vec::new()
        } else {
            b"\r\n".to_vec()
        }
    }

    fn intern(&mut self, prompt: &str) -> &'static str {
        if let Some(known) = self.prompts.iter().find(|known| **known == prompt) {
            return known;
        }
        if prompt.len() > PROMPT_MAX || self.prompts.len() >= PROMPTS {
            return "> ";
        }
        let kept: &'static str = Box::leak(prompt.to_string().into_boxed_str());
        self.prompts.push(kept);
        kept
    }
}

impl Default for Editor {
    fn default() -> Self {
        Self::new()
    }
}

fn without_returns(text: &str) -> String {
    text.chars().filter(|character| *character != '\r').collect()
}

fn with_returns(text: &str) -> Vec<u8> {
    without_returns(text).replace('\n', "\r\n").into_bytes()
}

#[cfg(test)]
mod tests;
