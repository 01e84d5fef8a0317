//! Bytes of a terminal become keys.
//!
//! Only whole, valid UTF-8 characters get through: the editor behind trusts them.

/// What someone pressed.
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
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// In a control sequence, with its first parameter.
    Sequence(u16),
    /// In a character of several bytes: what came, how many, how many it has.
    Character([u8; 4], usize, usize),
}

/// The state between bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys {
    state: State,
    after_return: bool,
}

impl Keys {
    /// Takes the next byte; the key that it completes, if any.
    pub fn push(&mut self, byte: u8) -> Option<Key> {
        let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
        match self.state {
            State::Ground if byte == b'\n' && after_return => None,
            State::Ground => self.ground(byte),
            State::Escape => self.escape(byte),
            State::Sequence(parameter) => self.sequence(byte, parameter),
            State::Character(bytes, have, length) => self.character(byte, bytes, have, length),
        }
    }

    fn ground(&mut self, byte: u8) -> Option<Key> {
        match byte {
            0x1b => self.enter(State::Escape),
            0x00..=0x1f | 0x7f => control(byte),
            0x20..=0x7e => Some(Key::Char(char::from(byte))),
            0xc2..=0xdf => self.enter(State::Character([byte, 0, 0, 0], 1, 2)),
            0xe0..=0xef => self.enter(State::Character([byte, 0, 0, 0], 1, 3)),
            0xf0..=0xf4 => self.enter(State::Character([byte, 0, 0, 0], 1, 4)),
            _ => None,
        }
    }

    fn enter(&mut self, state: State) -> Option<Key> {
        self.state = state;
        None
    }

    fn escape(&mut self, byte: u8) -> Option<Key> {
        self.state = if matches!(byte, b'[' | b'O') { State::Sequence(0) } else { State::Ground };
        None
    }

    fn sequence(&mut self, byte: u8, parameter: u16) -> Option<Key> {
        match byte {
            b'0'..=b'9' => {
                let digit = u16::from(byte - b'0');
                self.enter(State::Sequence(parameter.saturating_mul(10).saturating_add(digit)))
            }
            // Further parameters (modifiers) do not matter, only the last byte does.
            0x20..=0x3f => None,
            _ => {
                self.state = State::Ground;
                cursor_key(byte, parameter)
            }
        }
    }

    fn character(
        &mut self,
        byte: u8,
        mut bytes: [u8; 4],
        have: usize,
        length: usize,
    ) -> Option<Key> {
        self.state = State::Ground;
        if byte & 0xc0 != 0x80 {
            // The character was cut short: what came is dropped, this byte is a new start.
            return self.ground(byte);
        }
        bytes[have] = byte;
        if have + 1 < length {
            return self.enter(State::Character(bytes, have + 1, length));
        }
        core::str::from_utf8(&bytes[..length])
            .ok()
            .and_then(|text| text.chars().next())
            .filter(|character| !character.is_control())
            .map(Key::Char)
    }
}

fn control(byte: u8) -> Option<Key> {
    Some(match byte {
        0x01 => Key::Home,
        0x02 => Key::Left,
        0x03 => Key::Interrupt,
        0x04 => Key::EndOfInput,
        0x05 => Key::End,
        0x06 => Key::Right,
        0x08 | 0x7f => Key::Backspace,
        b'\r' | b'\n' => Key::Enter,
        0x0b => Key::DeleteToEnd,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::DeleteToStart,
        0x17 => Key::DeleteWord,
        0x1a => Key::Suspend,
        0x1c => Key::Quit,
        0x1d => Key::Attention,
        _ => return None,
    })
}

fn cursor_key(last: u8, parameter: u16) -> Option<Key> {
    Some(match (last, parameter) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', 1 | 7) => Key::Home,
        (b'F', _) | (b'~', 4 | 8) => Key::End,
        (b'~', 3) => Key::Delete,
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
    fn keys_for_whoever_runs() {
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
    fn every_pair_of_bytes_is_survived() {
        for first in 0..=255 {
            for second in 0..=255 {
                let mut state = Keys::default();
                for byte in [first, second, b'm', b'z'] {
                    state.push(byte);
                }
                assert!(matches!(state.push(b'z'), Some(Key::Char('z')) | None));
            }
        }
    }
}
