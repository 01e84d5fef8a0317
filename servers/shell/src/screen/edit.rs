//! `edit`: changes text.

use super::{Screen, cells, cut, page, status};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{RawKey, Size};

/// The most bytes of a file that is edited.
pub(crate) const TEXT_MAX: usize = 128 << 10;

/// Text with a cursor.
pub(crate) struct Edit<F> {
    name: String,
    lines: Vec<String>,
    row: usize,
    /// In characters; it may be behind the end of a shorter line.
    column: usize,
    top: usize,
    bytes: usize,
    changed: bool,
    /// Ctrl-Q was pressed once although the text has changed.
    asked: bool,
    message: String,
    save: F,
}

impl<F: FnMut(&str) -> Result<(), String>> Edit<F> {
    /// Edits text; `save` keeps it, or says why not.
    pub(crate) fn new(name: &str, text: &str, save: F) -> Self {
        let mut lines: Vec<String> = text.split('\n').map(String::from).collect();
        if lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        let message = String::from("Ctrl-S saves, Ctrl-Q ends");
        Self {
            name: name.into(),
            lines,
            row: 0,
            column: 0,
            top: 0,
            bytes: text.len(),
            changed: false,
            asked: false,
            message,
            save,
        }
    }

    /// The text, with an end of its last line.
    pub(crate) fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }

    fn line(&mut self) -> &mut String {
        if self.lines.is_empty() {
            self.lines.push(String::new());
        }
        let row = self.row.min(self.lines.len() - 1);
        &mut self.lines[row]
    }

    fn len(&self) -> usize {
        self.lines.get(self.row).map_or(0, |line| line.chars().count())
    }

    /// The byte of the line where the cursor is.
    fn place(&self) -> usize {
        let line = self.lines.get(self.row).map_or("", String::as_str);
        line.char_indices().nth(self.column).map_or(line.len(), |(place, _)| place)
    }

    fn insert(&mut self, character: char) {
        if self.bytes + character.len_utf8() > TEXT_MAX {
            self.message = format!("at most {} KiB", TEXT_MAX >> 10);
            return;
        }
        self.bytes += character.len_utf8();
        self.changed = true;
        self.column = self.column.min(self.len());
        let place = self.place();
        if character == '\n' {
            let rest = self.line().split_off(place);
            self.row += 1;
            self.lines.insert(self.row, rest);
            self.column = 0;
        } else {
            self.line().insert(place, character);
            self.column += 1;
        }
    }

    fn delete(&mut self) {
        self.column = self.column.min(self.len());
        let place = self.place();
        if self.column < self.len() {
            let removed = self.line().remove(place);
            self.bytes = self.bytes.saturating_sub(removed.len_utf8());
        } else if self.row + 1 < self.lines.len() {
            let next = self.lines.remove(self.row + 1);
            self.line().push_str(&next);
            self.bytes = self.bytes.saturating_sub(1);
        } else {
            return;
        }
        self.changed = true;
    }

    fn left(&mut self) -> bool {
        self.column = self.column.min(self.len());
        if self.column > 0 {
            self.column -= 1;
        } else if self.row > 0 {
            self.row -= 1;
            self.column = self.len();
        } else {
            return false;
        }
        true
    }

    fn right(&mut self) {
        if self.column < self.len() {
            self.column += 1;
        } else if self.row + 1 < self.lines.len() {
            (self.row, self.column) = (self.row + 1, 0);
        }
    }

    fn down(&mut self, rows: usize) {
        self.row = (self.row + rows).min(self.lines.len().saturating_sub(1));
    }

    fn save(&mut self) {
        let text = self.text();
        self.message = match (self.save)(&text) {
            Ok(()) => {
                self.changed = false;
                format!("{} bytes saved", text.len())
            }
            Err(why) => why,
        };
    }

    /// False when the editor ends: at once, or when it was asked twice.
    fn stays(&mut self) -> bool {
        let ends = !self.changed || self.asked;
        self.asked = true;
        self.message = String::from("not saved: Ctrl-Q again drops the changes, Ctrl-S saves them");
        !ends
    }
}

impl<F: FnMut(&str) -> Result<(), String>> Screen for Edit<F> {
    fn key(&mut self, key: RawKey, size: Size) -> bool {
        self.message.clear();
        if matches!(key, RawKey::Control('q' | 'x' | 'c')) {
            return self.stays();
        }
        self.asked = false;
        match key {
            RawKey::Char(character) => self.insert(character),
            RawKey::Enter => self.insert('\n'),
            RawKey::Tab => self.insert('\t'),
            RawKey::Backspace if self.left() => self.delete(),
            RawKey::Delete | RawKey::Control('d') => self.delete(),
            RawKey::Left => drop(self.left()),
            RawKey::Right => self.right(),
            RawKey::Up => self.row = self.row.saturating_sub(1),
            RawKey::Down => self.down(1),
            RawKey::PageUp => self.row = self.row.saturating_sub(page(size)),
            RawKey::PageDown => self.down(page(size)),
            RawKey::Home => self.column = 0,
            RawKey::End => self.column = self.len(),
            RawKey::Control('s') => self.save(),
            _ => {}
        }
        true
    }

    fn draw(&mut self, size: Size) -> (Vec<String>, Option<(usize, usize)>) {
        let page = page(size);
        self.top = self.top.min(self.row).max((self.row + 1).saturating_sub(page));
        let line = self.lines.get(self.row).map_or("", String::as_str);
        let before: String = line.chars().take(self.column).collect();
        let column = cells(&before).chars().count();
        let width = usize::from(size.columns.max(1));
        let left = column - column % width;
        let lines = self.lines.iter().skip(self.top).take(page);
        let mut rows: Vec<String> =
            lines.map(|line| cut(&cells(line), left, size.columns)).collect();
        rows.resize(page, "~".into());
        let mark = if self.changed { " (changed)" } else { "" };
        let (name, row, message) = (&self.name, self.row + 1, &self.message);
        let text = format!("{name}{mark}  line {row} of {}  {message}", self.lines.len());
        rows.push(status(&text, size.columns));
        (rows, Some((self.row - self.top, column - left)))
    }
}
