//! What of a line the screen shows: one row, which scrolls.

use super::line::Line;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use unicode_width::UnicodeWidthChar;

/// Shown where a part of the line is not.
const MORE_LEFT: char = '<';
const MORE_RIGHT: char = '>';

/// The cells that a character takes.
pub(super) fn width(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// The cells that characters take.
pub(super) fn width_of(characters: impl Iterator<Item = char>) -> usize {
    characters.map(width).sum()
}

/// The row of a terminal.
#[derive(Debug)]
pub(super) struct View {
    columns: usize,
    /// The first character that is shown.
    first: usize,
}

impl View {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns, first: 0 }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Cells for the line: the last column stays free, where a terminal would wrap.
    fn room(&self, prompt: &str) -> usize {
        self.columns.saturating_sub(width_of(prompt.chars()) + 1)
    }

    fn fits(&self, prompt: &str, line: &Line) -> bool {
        width_of(line.characters().iter().copied()) <= self.room(prompt)
    }

    /// Whether a part of the line is not shown.
    pub(super) fn hides_part(&self, prompt: &str, line: &Line) -> bool {
        self.first > 0 || !self.fits(prompt, line)
    }

    /// Whether the line is shown whole, with the cursor at its end.
    pub(super) fn shows_end(&self, prompt: &str, line: &Line) -> bool {
        line.cursor() == line.characters().len() && !self.hides_part(prompt, line)
    }

    /// Draws prompt and line from the first column of an empty row on, and leaves the cursor in
    /// its place.
    pub(super) fn draw(&mut self, prompt: &str, line: &Line) -> Vec<u8> {
        self.draw_over(prompt, line, "")
    }

    /// The same over what the row shows.
    pub(super) fn redraw(&mut self, prompt: &str, line: &Line) -> Vec<u8> {
        let mut output = b"\r".to_vec();
        output.extend(self.draw_over(prompt, line, "\x1b[K"));
        output
    }

    fn draw_over(&mut self, prompt: &str, line: &Line, erase: &str) -> Vec<u8> {
        let room = self.room(prompt);
        self.scroll(line, room);
        let (all, cursor) = (line.characters(), line.cursor());
        let mut shown = String::from(prompt);
        let mut left = room;
        if self.first > 0 {
            shown.push(MORE_LEFT);
            left = left.saturating_sub(1);
        }
        let mut behind = 0;
        for (index, character) in all.iter().enumerate().skip(self.first) {
            let rest = all.get(index..).unwrap_or_default();
            if width_of(rest.iter().copied()) > left && width(*character) + 1 > left {
                shown.push(MORE_RIGHT);
                behind += usize::from(index >= cursor);
                break;
            }
            shown.push(*character);
            left -= width(*character);
            behind += if index >= cursor { width(*character) } else { 0 };
        }
        shown.push_str(erase);
        if behind > 0 {
            shown.push_str(&format!("\x1b[{behind}D"));
        }
        shown.into_bytes()
    }

    /// Moves the window so that the cursor, and a character behind it, are in it.
    fn scroll(&mut self, line: &Line, room: usize) {
        let (all, cursor) = (line.characters(), line.cursor());
        if width_of(all.iter().copied()) <= room {
            self.first = 0;
            return;
        }
        // Room for both marks and a wide character behind the cursor.
        let inner = room.saturating_sub(4);
        if cursor < self.first {
            self.first = cursor;
        }
        let before =
            |first: usize| all.get(first..cursor).map_or(0, |part| width_of(part.iter().copied()));
        if before(self.first) > inner {
            // Half a window at once, so that not every key redraws all of it.
            while before(self.first) > inner / 2 {
                self.first += 1;
            }
        }
        // What takes no cell would be drawn over the mark.
        while all.get(self.first).is_some_and(|character| width(*character) == 0) {
            self.first += 1;
        }
    }
}
