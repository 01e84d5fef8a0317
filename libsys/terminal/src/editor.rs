//! Edits one line, and prints around it.
//!
//! **Shape.** `Line` is the text and the cursor, `History` the lines before, `View` the rows that
//! the line takes on the screen.

mod history;
mod line;
mod search;
mod view;

pub use history::HISTORY_MAX;
pub use line::LINE_MAX;

use crate::keys::Key;
use alloc::string::String;
use history::History;
use line::Line;
use search::Search;
use view::{View, width};

/// The columns of a terminal of unknown width.
pub const COLUMNS: usize = 80;
/// The fewest columns that a line can be edited in.
const COLUMNS_LEAST: usize = 20;

const ERASE_ROW: &str = "\r\x1b[2K";
const NEW_LINE: &str = "\r\n";
const BELL: &str = "\x07";
/// The reader gets an empty line instead, so that it asks again.
const TOO_LONG: &str = "the line is too long and was not used: at most 256 bytes\r\n";
/// In place of a prompt that would leave no room for the line.
const SHORT_PROMPT: &str = "> ";

/// The effect of a key, besides output.
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
    /// Tab, with the text before the cursor.
    Tab(String),
}

/// The line and the screen around it. The methods return the text to send to the terminal.
pub struct Editor {
    line: Line,
    history: History,
    view: View,
    prompt: String,
    visible: bool,
    at_line_start: bool,
    /// Whether the row is free of what an earlier life of the console drew.
    clean: bool,
    /// A character did not fit: the line must not be used without it.
    overflowed: bool,
    search: Option<Search>,
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
            search: None,
        }
    }

    /// Takes a key. While the line is hidden, nothing is echoed.
    pub fn key(&mut self, key: Key) -> (String, Option<Event>) {
        if let Some(done) = self.search_key(key) {
            return done;
        }
        let (output, event) = match key {
            Key::Enter => self.complete(),
            Key::Interrupt => (self.abandon(), Some(Event::Interrupt)),
            Key::Suspend => (String::new(), Some(Event::Suspend)),
            Key::Quit => (String::new(), Some(Event::Quit)),
            Key::Attention => (String::new(), Some(Event::Attention)),
            Key::EndOfInput if self.line.is_empty() => (String::new(), Some(Event::EndOfInput)),
            Key::Columns(columns) => (self.resize(columns), None),
            Key::Tab => (String::new(), Some(Event::Tab(self.line.split().0.iter().collect()))),
            Key::PageUp | Key::PageDown | Key::Control(_) => (String::new(), None),
            Key::Char(character) => (self.insert(character), None),
            _ => (self.edit(key), None),
        };
        if event.is_none() && !self.visible { (String::new(), None) } else { (output, event) }
    }

    /// Shows the line behind a prompt.
    pub fn show(&mut self, prompt: &str) -> String {
        self.end_search();
        if self.visible {
            let erased = self.view.erase();
            self.set_prompt(prompt);
            return erased + &self.view.draw(&self.prompt, &self.line);
        }
        let mut output = self.fresh_line();
        self.visible = true;
        self.set_prompt(prompt);
        // An empty line needs no erasing: transcripts stay free of it.
        if !core::mem::replace(&mut self.clean, true) {
            output.push_str(ERASE_ROW);
        }
        output + &self.view.draw(&self.prompt, &self.line)
    }

    /// Whether the line is shown.
    pub fn visible(&self) -> bool {
        self.visible
    }

    /// Takes the line off the screen; its text stays.
    pub fn hide(&mut self) -> String {
        self.end_search();
        if core::mem::replace(&mut self.visible, false) { self.view.erase() } else { String::new() }
    }

    /// Prints text: above the line when it is shown.
    pub fn print(&mut self, text: &str) -> String {
        if !self.visible {
            self.at_line_start = text.is_empty() && self.at_line_start || text.ends_with('\n');
            return with_returns(text);
        }
        let mut output = self.view.erase() + &with_returns(text);
        if !text.is_empty() && !text.ends_with('\n') {
            output.push_str(NEW_LINE);
        }
        output + &self.view.draw(&self.prompt, &self.line)
    }

    /// Prints a prompt and a line that was typed before the prompt was there.
    pub fn print_line(&mut self, prompt: &str, line: &str) -> String {
        self.fresh_line() + &self.print(&[prompt, line, "\n"].concat())
    }

    /// The text of the line.
    pub fn text(&self) -> String {
        self.line.text()
    }

    /// Puts text into an empty, hidden line, as if typed.
    pub fn restore(&mut self, text: &str) {
        self.line.set(text);
    }

    /// Forgets the history.
    pub fn forget(&mut self) {
        self.history = History::default();
    }

    /// The number of columns of the terminal.
    pub fn columns(&self) -> usize {
        self.view.columns()
    }

    /// Adds a line to the history, as if typed.
    pub fn remember(&mut self, line: &str) {
        self.history.add(line);
    }

    fn complete(&mut self) -> (String, Option<Event>) {
        let text = self.line.text();
        self.history.add(&text);
        let mut output = String::new();
        if self.visible {
            output = self.leave_line() + NEW_LINE;
            self.at_line_start = true;
        }
        self.line.clear();
        if core::mem::replace(&mut self.overflowed, false) {
            output.push_str(TOO_LONG);
            return (output, Some(Event::Line(String::new())));
        }
        (output, Some(Event::Line(text)))
    }

    fn abandon(&mut self) -> String {
        let mut output = if self.visible { self.leave_line() } else { self.fresh_line() };
        self.line.clear();
        self.history.leave();
        self.overflowed = false;
        self.at_line_start = true;
        output.push_str("^C");
        output + NEW_LINE
    }

    /// Leaves the line on the screen, with the cursor behind it.
    fn leave_line(&mut self) -> String {
        self.visible = false;
        if self.line.cursor() == self.line.characters().len() {
            return String::new();
        }
        self.line.end();
        self.redraw()
    }

    fn edit(&mut self, key: Key) -> String {
        // The user has heard the bell and edits what the screen shows.
        self.overflowed = false;
        let before = self.line.cursor();
        match key {
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
            // [`Editor::key`] handles the others.
            _ => {}
        }
        if matches!(key, Key::Left | Key::Right) && before == self.line.cursor() {
            return String::new();
        }
        self.redraw()
    }

    /// Adds a character; rings when the line is full.
    fn insert(&mut self, character: char) -> String {
        if !self.line.insert(character) {
            self.overflowed = true;
            return BELL.into();
        }
        if self.line.cursor() == self.line.characters().len() {
            return self.view.append(character, &self.prompt, &self.line);
        }
        self.redraw()
    }

    fn resize(&mut self, columns: usize) -> String {
        self.view.resize(columns.max(COLUMNS_LEAST), &self.prompt, &self.line);
        self.redraw()
    }

    fn redraw(&mut self) -> String {
        self.view.erase() + &self.view.draw(&self.prompt, &self.line)
    }

    fn fresh_line(&mut self) -> String {
        let new_line =
            if core::mem::replace(&mut self.at_line_start, true) { "" } else { NEW_LINE };
        new_line.into()
    }

    fn set_prompt(&mut self, prompt: &str) {
        let plain: String = prompt.chars().filter(|character| !character.is_control()).collect();
        let fits = plain.chars().map(width).sum::<usize>() <= self.view.columns() / 2;
        self.prompt = if fits { plain } else { SHORT_PROMPT.into() };
    }
}

impl Default for Editor {
    fn default() -> Self {
        Self::new(COLUMNS)
    }
}

fn with_returns(text: &str) -> String {
    text.replace('\r', "").replace('\n', NEW_LINE)
}

#[cfg(test)]
mod tests;
