//! Keys for a program that draws the screen itself.

use alloc::collections::VecDeque;
use console_api::RawKey;

/// The most keys that wait. Keys beyond it are dropped, as a keyboard does.
const KEYS_MAX: usize = 256;

/// The client that has the keys, and those that it has not read.
#[derive(Debug, Default)]
pub struct Raw {
    client: Option<u64>,
    keys: VecDeque<RawKey>,
}

impl Raw {
    /// Whether keys are for a client and not for the line.
    pub fn is_on(&self) -> bool {
        self.client.is_some()
    }

    /// A client reads keys: from now on they are its own. The next key, if one waits.
    pub fn read(&mut self, client: u64) -> Option<RawKey> {
        if self.client != Some(client) {
            *self = Self { client: Some(client), keys: VecDeque::new() };
        }
        self.keys.pop_front()
    }

    /// A key was pressed.
    pub fn press(&mut self, key: RawKey) {
        if self.keys.len() < KEYS_MAX {
            self.keys.push_back(key);
        }
    }

    /// A key that its reader did not get.
    pub fn give_back(&mut self, key: RawKey) {
        self.keys.push_front(key);
    }

    /// Keys are for the line again.
    pub fn end(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS_MAX, Raw};
    use console_api::RawKey;

    #[test]
    fn keys_are_their_reader_s_and_bounded() {
        let mut raw = Raw::default();
        assert!(!raw.is_on());
        assert_eq!(raw.read(1), None);
        (0..1000).for_each(|_| raw.press(RawKey::Up));
        raw.give_back(RawKey::Enter);
        assert_eq!((raw.is_on(), raw.read(1)), (true, Some(RawKey::Enter)));
        assert_eq!(core::iter::from_fn(|| raw.read(1)).count(), KEYS_MAX);
        raw.press(RawKey::Tab);
        assert_eq!(raw.read(2), None, "another client's keys");
        raw.end();
        assert!(!raw.is_on());
    }
}
