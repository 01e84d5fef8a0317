//! A small terminal: bytes with escape sequences in, lines out.
//!
//! A line editor redraws its line with carriage returns and escape sequences; movements within
//! the line and erasing are enough to follow it.

use unicode_width::UnicodeWidthChar as _;

/// The cell behind a wide character.
const BEHIND: char = '\0';
/// The columns that it reports.
const COLUMNS: usize = 80;

/// The complete lines, and the line of the cursor.
#[derive(Debug, Default)]
pub struct Screen {
    lines: Vec<String>,
    line: Vec<char>,
    column: usize,
    state: State,
    /// Bytes of a UTF-8 character that is not complete yet.
    partial: Vec<u8>,
}

/// The state within an escape sequence.
#[derive(Debug, Default)]
enum State {
    #[default]
    Text,
    Escape,
    Control(String),
}

impl Screen {
    /// An empty screen.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.byte(*byte));
    }

    /// The lines that are complete.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The line that the cursor is in.
    pub fn current(&self) -> String {
        self.line.iter().filter(|cell| **cell != BEHIND).collect()
    }

    /// Everything, as text.
    pub fn text(&self) -> String {
        let mut text: String = self.lines.iter().flat_map(|line| [line, "\n"]).collect();
        text.push_str(&self.current());
        text
    }

    fn byte(&mut self, byte: u8) {
        match std::mem::take(&mut self.state) {
            State::Text => self.text_byte(byte),
            State::Escape if byte == b'[' => self.state = State::Control(String::new()),
            // Two-byte sequences (save and restore the cursor) change no text.
            State::Escape => {}
            State::Control(mut parameters) => match byte {
                0x40..=0x7e => self.control(&parameters, byte),
                _ => {
                    parameters.push(char::from(byte));
                    self.state = State::Control(parameters);
                }
            },
        }
    }

    fn text_byte(&mut self, byte: u8) {
        match byte {
            0x1b => self.state = State::Escape,
            b'\r' => self.column = 0,
            b'\n' => self.new_line(),
            0x08 => self.column = self.column.saturating_sub(1),
            b'\t' => (0..8 - self.column % 8).for_each(|_| self.put(' ')),
            0..0x20 | 0x7f => {}
            _ => self.character_byte(byte),
        }
    }

    /// Collects UTF-8; what is none shows as the replacement character.
    fn character_byte(&mut self, byte: u8) {
        self.partial.push(byte);
        match std::str::from_utf8(&self.partial) {
            Ok(text) => {
                let text = text.to_owned();
                self.partial.clear();
                text.chars().for_each(|character| self.put(character));
            }
            Err(error) if error.error_len().is_some() => {
                self.partial.clear();
                self.put(char::REPLACEMENT_CHARACTER);
            }
            Err(_) => {}
        }
    }

    fn put(&mut self, character: char) {
        match character.width().unwrap_or(0) {
            // What takes no cell stands behind the character before it in the text, too.
            0 => {
                let at = self.column.min(self.line.len());
                self.line.insert(at, character);
                self.column = at + 1;
            }
            width => {
                let end = self.column + width;
                self.line.resize(self.line.len().max(end), ' ');
                self.line[self.column] = character;
                self.line[self.column + 1..end].fill(BEHIND);
                self.column = end;
            }
        }
    }

    fn new_line(&mut self) {
        let line = self.current();
        self.lines.push(line.trim_end().to_owned());
        self.line.clear();
        self.column = 0;
    }

    fn control(&mut self, parameters: &str, command: u8) {
        let number = |default: usize| {
            parameters.split(';').next_back().and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        match command {
            b'C' => self.column = (self.column + number(1)).min(COLUMNS - 1),
            b'D' => self.column = self.column.saturating_sub(number(1)),
            b'G' => self.column = number(1).clamp(1, COLUMNS) - 1,
            b'K' | b'J' => self.erase(number(0)),
            b'P' => self.delete(number(1)),
            _ => {}
        }
    }

    /// Erases to the end of the line (0), to its start (1) or all of it (2).
    fn erase(&mut self, part: usize) {
        match part {
            0 => self.line.truncate(self.column),
            1 => self.line.iter_mut().take(self.column + 1).for_each(|cell| *cell = ' '),
            _ => self.line.clear(),
        }
    }

    fn delete(&mut self, count: usize) {
        let end = (self.column + count).min(self.line.len());
        self.line.drain(self.column.min(end)..end);
    }
}

#[cfg(test)]
mod tests {
    use super::Screen;

    fn shown(bytes: &[u8]) -> String {
        let mut screen = Screen::new();
        screen.push(bytes);
        screen.text()
    }

    #[test]
    fn lines_end_with_carriage_return_and_line_feed() {
        assert_eq!(shown(b"one\r\ntwo\r\nthr"), "one\ntwo\nthr");
    }

    #[test]
    fn a_redrawn_line_shows_once() {
        assert_eq!(shown(b"postern> p\r\x1b[Kpostern> ps\r\x1b[2Kpostern> ps"), "postern> ps");
    }

    #[test]
    fn backspace_and_cursor_moves_overwrite() {
        assert_eq!(shown(b"abc\x08\x08X"), "aXc");
        assert_eq!(shown(b"abc\x1b[2DX\x1b[CY"), "aXcY");
        assert_eq!(shown(b"abc\x1b[1G\x1b[P"), "bc");
    }

    #[test]
    fn wide_characters_take_two_cells() {
        assert_eq!(shown("漢字\x1b[2Dx".as_bytes()), "漢x");
        assert_eq!(shown("漢字\x1b[4Da".as_bytes()), "a字");
        assert_eq!(shown("e\u{301}x".as_bytes()), "e\u{301}x");
    }

    #[test]
    fn colours_are_left_out() {
        assert_eq!(shown(b"\x1b[1;32mgreen\x1b[0m"), "green");
    }

    #[test]
    fn broken_utf8_is_replaced() {
        assert_eq!(shown(b"a\xc3\xa9b\xffc"), "a\u{e9}b\u{fffd}c");
    }
}
