//! Draws prompt and line on the rows of a terminal.
//!
//! **Shape.** A long line wraps. The terminal is never asked for its cursor's position, since a
//! pipe would not answer: the position follows from the widths of the characters and the number
//! of columns.
//!
//! **Source.** The wrap of a VT100: a character in the last column leaves the cursor there, and
//! the next one goes to a new row. Erasing in that state would take the last character, so a row
//! is erased before it is drawn.

use super::line::Line;
use alloc::format;
use alloc::string::String;
use unicode_width::UnicodeWidthChar;

/// Returns the cells that a character takes.
pub(super) fn width(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// A position, counted from the first cell of the prompt. `column` equals the number of columns
/// behind the last cell of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Position {
    row: usize,
    column: usize,
}

/// The rows that the line takes, and the cursor's row among them.
#[derive(Debug)]
pub(super) struct View {
    columns: usize,
    cursor_row: usize,
}

impl View {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns, cursor_row: 0 }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Follows a change of the terminal's width, which has wrapped the line anew.
    pub(super) fn resize(&mut self, columns: usize, prompt: &str, line: &Line) {
        self.columns = columns;
        self.cursor_row = self.cursor(prompt, line).row;
    }

    /// Returns what erases the line. The cursor is then where the prompt began.
    pub(super) fn erase(&mut self) -> String {
        let up = up(core::mem::take(&mut self.cursor_row));
        format!("{up}\r\x1b[J")
    }

    /// Returns what draws prompt and line from the first column of an empty row on.
    pub(super) fn draw(&mut self, prompt: &str, line: &Line) -> String {
        let mut output: String = prompt.chars().chain(line.characters().iter().copied()).collect();
        let cursor = self.cursor(prompt, line);
        if line.cursor() < line.characters().len() {
            let all = prompt.chars().chain(line.characters().iter().copied());
            output.push_str(&up(self.end_of(all).row - cursor.row));
            output.push('\r');
            if cursor.column > 0 {
                output.push_str(&format!("\x1b[{}C", cursor.column));
            }
        }
        self.cursor_row = cursor.row;
        output
    }

    /// Returns what draws a line that has one more character at its end.
    pub(super) fn append(&mut self, character: char, prompt: &str, line: &Line) -> String {
        self.cursor_row = self.cursor(prompt, line).row;
        character.into()
    }

    fn cursor(&self, prompt: &str, line: &Line) -> Position {
        let (before, after) = line.split();
        let position = self.end_of(prompt.chars().chain(before.iter().copied()));
        match after.first() {
            Some(next) => self.place(position, width(*next)),
            None => position,
        }
    }

    fn end_of(&self, characters: impl Iterator<Item = char>) -> Position {
        characters.map(width).fold(Position::default(), |end, width| {
            let Position { row, column } = self.place(end, width);
            Position { row, column: column + width }
        })
    }

    /// Returns where a character of this width goes that follows one that ends here.
    fn place(&self, end: Position, width: usize) -> Position {
        if end.column + width > self.columns {
            Position { row: end.row + 1, column: 0 }
        } else {
            end
        }
    }
}

fn up(rows: usize) -> String {
    if rows > 0 { format!("\x1b[{rows}A") } else { String::new() }
}
