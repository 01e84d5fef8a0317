//! Decodes the bytes of a terminal into keys.
//!
//! **Shape.** `vte` splits the bytes into characters and escape sequences; this module gives them
//! their meaning. Only valid UTF-8 gets through, without control characters: the editor relies
//! on that.
//!
//! **Order.** A control byte takes effect at once and ends an unfinished sequence. So Enter and
//! Ctrl-C always arrive, also after an ESC that begins a string without an end.

use console_api::RawKey;
use vte::{Params, Parser, Perform};

/// A key, or a report of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// The line is complete.
    Enter,
    /// Deletes to the left.
    Backspace,
    /// Deletes under the cursor.
    Delete,
    /// Cursor keys.
    Left,
    /// See `Left`.
    Right,
    /// Older line of the history.
    Up,
    /// Newer line of the history.
    Down,
    /// Start of the line (also Ctrl-A).
    Home,
    /// End of the line (also Ctrl-E).
    End,
    /// Ctrl-U: deletes everything left of the cursor.
    DeleteToStart,
    /// Ctrl-K: deletes everything right of the cursor.
    DeleteToEnd,
    /// Ctrl-W: deletes the word left of the cursor.
    DeleteWord,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
    /// Ctrl-\.
    Quit,
    /// Ctrl-].
    Attention,
    /// Ctrl-D: end of input on an empty line, else Delete.
    EndOfInput,
    /// Tab.
    Tab,
    /// A screen back, a screen forward: only for programs that draw the screen themselves.
    PageUp,
    /// See `PageUp`.
    PageDown,
    /// Ctrl and this letter, where it has no other meaning here.
    Control(char),
    /// The terminal reports its number of columns.
    Columns(usize),
}

impl Key {
    /// The same key for a program that draws the screen itself; `None` for a report, and for
    /// what is the leader's.
    pub fn raw(self) -> Option<RawKey> {
        Some(match self {
            Self::Char(character) => RawKey::Char(character),
            Self::Enter => RawKey::Enter,
            Self::Tab => RawKey::Tab,
            Self::Backspace => RawKey::Backspace,
            Self::Delete => RawKey::Delete,
            Self::Left => RawKey::Left,
            Self::Right => RawKey::Right,
            Self::Up => RawKey::Up,
            Self::Down => RawKey::Down,
            Self::Home => RawKey::Home,
            Self::End => RawKey::End,
            Self::PageUp => RawKey::PageUp,
            Self::PageDown => RawKey::PageDown,
            Self::Interrupt => RawKey::Control('c'),
            Self::EndOfInput => RawKey::Control('d'),
            Self::DeleteToEnd => RawKey::Control('k'),
            Self::DeleteToStart => RawKey::Control('u'),
            Self::DeleteWord => RawKey::Control('w'),
            Self::Suspend => RawKey::Control('z'),
            Self::Control(letter) => RawKey::Control(letter),
            Self::Quit | Self::Attention | Self::Columns(_) => return None,
        })
    }
}

/// The decoder.
#[derive(Default)]
pub struct Keys {
    /// No bytes are reserved for strings (OSC): a keyboard sends none.
    parser: Parser<0>,
    decoded: Decoded,
    rows: Option<u16>,
    after_return: bool,
}

impl Keys {
    /// The number of rows that the terminal reported last.
    pub fn rows(&self) -> Option<u16> {
        self.rows
    }

    /// Takes the next byte. Returns the key that it completes, if any.
    pub fn push(&mut self, byte: u8) -> Option<Key> {
        let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
        match byte {
            b'\n' if after_return => None,
            ESC | 0x20.. => {
                self.parser.advance(&mut self.decoded, &[byte]);
                self.rows = self.decoded.rows.take().or(self.rows);
                self.decoded.key.take()
            }
            _ => {
                (self.parser, self.decoded) = Default::default();
                control_key(byte)
            }
        }
    }
}

const ESC: u8 = 0x1b;
/// Parameters of the reports of a size in cells, each followed by rows and columns: the answer to
/// a request, and the notice of a change (xterm control sequences, `CSI t`; mode 2048).
const SIZES: [u16; 2] = [8, 48];

/// What the parser found in the last byte.
#[derive(Default)]
struct Decoded {
    key: Option<Key>,
    /// The rows of a report of the size.
    rows: Option<u16>,
    /// After `ESC O` (SS3): the next character is the last one of a cursor key.
    single_shift: bool,
}

impl Perform for Decoded {
    fn print(&mut self, character: char) {
        self.key = match character {
            last if core::mem::take(&mut self.single_shift) => cursor_key(last, 0),
            '\x7f' => control_key(0x7f),
            // In place of invalid UTF-8; C1 controls.
            char::REPLACEMENT_CHARACTER | '\u{80}'..='\u{9f}' => None,
            character => Some(Key::Char(character)),
        };
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _: bool, last: u8) {
        self.single_shift = intermediates.is_empty() && last == b'O';
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, last: char) {
        self.single_shift = false;
        let mut params = params.iter().map(|param| param.first().copied().unwrap_or(0));
        let first = params.next().unwrap_or(0);
        let (rows, columns) = (params.next(), params.next());
        self.key = match (last, columns) {
            _ if !intermediates.is_empty() => None,
            ('t', Some(columns)) if SIZES.contains(&first) => {
                self.rows = rows;
                Some(Key::Columns(columns.into()))
            }
            // Further parameters are modifiers, which change nothing here.
            _ => cursor_key(last, first),
        };
    }
}

fn control_key(byte: u8) -> Option<Key> {
    Some(match byte {
        0x01 => Key::Home,
        0x02 => Key::Left,
        0x03 => Key::Interrupt,
        0x04 => Key::EndOfInput,
        0x05 => Key::End,
        0x06 => Key::Right,
        0x08 | 0x7f => Key::Backspace,
        0x09 => Key::Tab,
        b'\r' | b'\n' => Key::Enter,
        0x0b => Key::DeleteToEnd,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::DeleteToStart,
        0x17 => Key::DeleteWord,
        0x1a => Key::Suspend,
        0x1c => Key::Quit,
        0x1d => Key::Attention,
        letter @ 0x01..=0x1a => Key::Control(char::from(b'a' + letter - 1)),
        _ => return None,
    })
}

fn cursor_key(last: char, parameter: u16) -> Option<Key> {
    Some(match (last, parameter) {
        ('A', _) => Key::Up,
        ('B', _) => Key::Down,
        ('C', _) => Key::Right,
        ('D', _) => Key::Left,
        ('H', _) | ('~', 1 | 7) => Key::Home,
        ('F', _) | ('~', 4 | 8) => Key::End,
        ('~', 3) => Key::Delete,
        ('~', 5) => Key::PageUp,
        ('~', 6) => Key::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Key, Keys};

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|byte| keys.push(*byte)).collect()
    }

    #[test]
    fn letters_and_characters_of_all_lengths() {
        let expected: Vec<Key> = "aä€🦀".chars().map(Key::Char).collect();
        assert_eq!(keys("aä€🦀".as_bytes()), expected);
    }

    #[test]
    fn one_enter_for_each_kind_of_line_end() {
        assert_eq!(keys(b"\r"), [Key::Enter]);
        assert_eq!(keys(b"\n"), [Key::Enter]);
        assert_eq!(keys(b"\r\n"), [Key::Enter]);
        assert_eq!(keys(b"\n\n"), [Key::Enter, Key::Enter]);
        assert_eq!(keys(b"\r\r\n"), [Key::Enter, Key::Enter]);
    }

    #[test]
    fn cursor_keys_of_both_modes_and_with_modifiers() {
        assert_eq!(keys(b"\x1b[A\x1b[B\x1b[C\x1b[D"), [Key::Up, Key::Down, Key::Right, Key::Left]);
        assert_eq!(keys(b"\x1bOH\x1bOF"), [Key::Home, Key::End]);
        assert_eq!(keys(b"\x1b[1;5C\x1b[3~\x1b[4~"), [Key::Right, Key::Delete, Key::End]);
    }

    #[test]
    fn control_keys_of_the_foreground() {
        let all = [Key::Interrupt, Key::Suspend, Key::Quit, Key::Attention];
        assert_eq!(keys(b"\x03\x1a\x1c\x1d"), all);
    }

    #[test]
    fn unknown_sequences_vanish_whole() {
        assert_eq!(keys(b"\x1b[99999999999q\x1b[?25hx"), [Key::Char('x')]);
        assert_eq!(keys(b"\x1bxy"), [Key::Char('y')]);
    }

    #[test]
    fn bad_utf8_vanishes_and_nothing_else_does() {
        assert_eq!(keys(b"\xc0\x80\xffa"), [Key::Char('a')]);
        assert_eq!(keys(b"\xe2\x82a"), [Key::Char('a')]);
        assert_eq!(keys(b"\xed\xa0\x80b"), [Key::Char('b')], "a surrogate is no character");
        assert_eq!(keys(b"\xc2\x9bc"), [Key::Char('c')], "no C1 controls");
    }

    #[test]
    fn a_control_byte_ends_an_unfinished_sequence() {
        for start in [&b"\x1b]0;title"[..], b"\x1bPq", b"\x1bX", b"\x1b[1;", b"\x1bO", b"\xe2\x82"]
        {
            let typed = [start, b"\x03a\r"].concat();
            assert_eq!(keys(&typed), [Key::Interrupt, Key::Char('a'), Key::Enter], "{start:?}");
        }
    }

    #[test]
    fn reports_of_the_size_are_told_from_keys() {
        assert_eq!(keys(b"\x1b[8;24;132t"), [Key::Columns(132)]);
        assert_eq!(keys(b"\x1b[48;50;100;800;1000tx"), [Key::Columns(100), Key::Char('x')]);
        assert_eq!(keys(b"\x1b[8;24t\x1b[3;1;2t\x1b[?8;1;2t\x1b[8t"), []);
    }

    #[test]
    fn after_every_pair_of_bytes_enter_arrives() {
        for first in 0..=255 {
            for second in 0..=255 {
                let typed = keys(&[first, second, b'm', b'z', b'\r']);
                assert_eq!(typed.last(), Some(&Key::Enter), "{first:#x} {second:#x}");
            }
        }
    }
}
