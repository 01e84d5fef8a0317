//! One line that is being edited, and everything that is printed around it.
//!
//! **Shape.** `Line` is the text and the cursor, `History` the lines before, `window`
//! what of the line the screen shows. The line never wraps: a long one scrolls within its row,
//! so that each redraw is right without asking the terminal where its cursor is; a terminal
//! that does not answer, such as a pipe, would be waited for. When it is complete, it is
//! printed whole.

mod history;
mod line;
mod window;

use crate::keys::Key;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use history::History;
use line::Line;
use window::{View, width_of};

/// The longest line in bytes.
pub const LINE_MAX: usize = 256;
/// Bytes of history.
pub const HISTORY_MAX: usize = 1024;
/// The columns of a terminal that was not measured.
pub const COLUMNS: usize = 80;
/// The fewest columns that a line can be edited in.
const COLUMNS_LEAST: usize = 20;

const ERASE_LINE: &str = "\r\x1b[2K";
const BELL: &[u8] = b"\x07";
/// An empty line is handed over instead, so that the reader asks again.
const TOO_LONG: &str = "the line is too long and was not used: at most 256 bytes\r\n";
/// In place of a prompt that would leave no room for the line.
const SHORT_PROMPT: &str = "> ";

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
    /// Ctrl-]: the line stays as it is.
    Attention,
    /// Ctrl-D on an empty line.
    EndOfInput,
}

/// The line and the screen around it. All methods return the bytes to send.
pub struct Editor {
    line: Line,
    history: History,
    view: View,
    prompt: String,
    visible: bool,
    at_line_start: bool,
    /// What an earlier life of the console left in the line is gone.
    clean: bool,
    /// Something was typed that the line has no room for: it must not be run cut.
    overflowed: bool,
}

impl Editor {
    /// An empty, hidden line on a terminal with this many columns.
    pub fn new(columns: usize) -> Self {
        Self {
            line: Line::default(),
            history: History::default(),
            view: View::new(columns.max(COLUMNS_LEAST)),
            prompt: String::new(),
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
            Key::Attention => (Vec::new(), Some(Event::Attention)),
            Key::EndOfInput if self.line.is_empty() => (Vec::new(), Some(Event::EndOfInput)),
            _ => (self.edit(key), None),
        };
        if event.is_none() && !self.visible { (Vec::new(), None) } else { (output, event) }
    }

    /// Shows the line behind a prompt.
    pub fn show(&mut self, prompt: &str) -> Vec<u8> {
        let mut output = self.fresh_line();
        self.visible = true;
        self.set_prompt(prompt);
        // An empty line needs no erasing: transcripts stay free of it.
        if !core::mem::replace(&mut self.clean, true) {
            output.extend(ERASE_LINE.as_bytes());
        }
        output.extend(self.view.draw(&self.prompt, &self.line));
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
        let mut output = ERASE_LINE.as_bytes().to_vec();
        output.extend(with_returns(text));
        if !text.is_empty() && !text.ends_with('\n') {
            output.extend(b"\r\n");
        }
        output.extend(self.view.draw(&self.prompt, &self.line));
        output
    }

    /// Prints a prompt and a line that was typed before the prompt was there.
    pub fn print_line(&mut self, prompt: &str, line: &str) -> Vec<u8> {
        let mut output = self.fresh_line();
        output.extend(self.print(&[prompt, line, "\n"].concat()));
        output
    }

    /// The text of the line.
    pub fn text(&self) -> String {
        self.line.text()
    }

    /// Puts text into an empty, hidden line, as if typed.
    pub fn restore(&mut self, text: &str) {
        self.line.set(text);
    }

    /// Adds a line to the history, as if typed.
    pub fn remember(&mut self, line: &str) {
        self.history.add(line);
    }

    fn complete(&mut self) -> (Vec<u8>, Option<Event>) {
        let text = self.line.text();
        self.history.add(&text);
        let shown = core::mem::replace(&mut self.visible, false);
        let mut output = Vec::new();
        if shown {
            if self.view.hides_part(&self.prompt, &self.line) {
                output.extend([ERASE_LINE, &self.prompt, &text].concat().into_bytes());
            }
            output.extend(b"\r\n");
            self.at_line_start = true;
        }
        self.line.clear();
        if core::mem::replace(&mut self.overflowed, false) {
            output.extend(TOO_LONG.as_bytes());
            return (output, Some(Event::Line(String::new())));
        }
        (output, Some(Event::Line(text)))
    }

    fn abandon(&mut self) -> Vec<u8> {
        let shown = core::mem::replace(&mut self.visible, false);
        let mut output = Vec::new();
        if shown {
            self.line.end();
            output.extend(self.view.redraw(&self.prompt, &self.line));
        } else if !self.at_line_start {
            output.extend(b"\r\n");
        }
        self.line.clear();
        self.history.leave();
        self.overflowed = false;
        self.at_line_start = true;
        output.extend(b"^C\r\n");
        output
    }

    fn edit(&mut self, key: Key) -> Vec<u8> {
        // Whoever deletes has heard the bell and sees what the line is.
        let deletes = !matches!(key, Key::Char(_));
        self.overflowed &= !deletes;
        let before = self.line.cursor();
        match key {
            Key::Char(character) => return self.insert(character),
            Key::Backspace => self.line.delete_left(),
            Key::Delete | Key::EndOfInput => self.line.delete_right(),
            Key::Left => self.line.left(),
            Key::Right => self.line.right(),
            Key::Home => self.line.home(),
            Key::End => self.line.end(),
            Key::Up => self.history.older(&mut self.line),
            Key::Down => self.history.newer(&mut self.line),
            Key::DeleteToStart => self.line.delete_to_start(),
            Key::DeleteToEnd => self.line.delete_to_end(),
            Key::DeleteWord => self.line.delete_word(),
            Key::Enter | Key::Interrupt | Key::Suspend | Key::Quit | Key::Attention => {}
        }
        if matches!(key, Key::Left | Key::Right) && before == self.line.cursor() {
            return Vec::new();
        }
        self.view.redraw(&self.prompt, &self.line)
    }

    /// Adds a character; rings when there is no room for it.
    fn insert(&mut self, character: char) -> Vec<u8> {
        if !self.line.insert(character) {
            self.overflowed = true;
            return BELL.to_vec();
        }
        if self.view.shows_end(&self.prompt, &self.line) {
            return character.to_string().into_bytes();
        }
        self.view.redraw(&self.prompt, &self.line)
    }

    fn fresh_line(&mut self) -> Vec<u8> {
        if core::mem::replace(&mut self.at_line_start, true) {
            Vec::new()
        } else {
            b"\r\n".to_vec()
        }
    }

    fn set_prompt(&mut self, prompt: &str) {
        let plain: String = prompt.chars().filter(|character| !character.is_control()).collect();
        let fits = width_of(plain.chars()) <= self.view.columns() / 2;
        self.prompt = if fits { plain } else { SHORT_PROMPT.into() };
    }
}

impl Default for Editor {
    fn default() -> Self {
        Self::new(COLUMNS)
    }
}

fn with_returns(text: &str) -> Vec<u8> {
    text.replace('\r', "").replace('\n', "\r\n").into_bytes()
}

#[cfg(test)]
mod tests;
