//! The text that is being edited and the cursor in it.

use super::view::width;
use alloc::string::String;
use alloc::vec::Vec;

/// The longest line in bytes.
pub const LINE_MAX: usize = 256;

/// The text, at most `LINE_MAX` bytes long, and the cursor in characters.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: Vec<char>,
    bytes: usize,
    cursor: usize,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn text(&self) -> String {
        self.text.iter().collect()
    }

    pub(super) fn characters(&self) -> &[char] {
        &self.text
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// The characters left and right of the cursor.
    pub(super) fn split(&self) -> (&[char], &[char]) {
        self.text.split_at(self.cursor)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Replaces the text, cut at the line's capacity; the cursor goes to its end.
    pub(super) fn set(&mut self, text: &str) {
        self.clear();
        for character in text.chars().filter(|character| !character.is_control()) {
            if !self.insert(character) {
                break;
            }
        }
    }

    /// Inserts a character at the cursor. Returns false when the line is full.
    pub(super) fn insert(&mut self, character: char) -> bool {
        let bytes = self.bytes + character.len_utf8();
        if bytes > LINE_MAX {
            return false;
        }
        self.bytes = bytes;
        self.text.insert(self.cursor, character);
        self.cursor += 1;
        true
    }

    pub(super) fn left(&mut self) {
        self.cursor = self.before(self.cursor);
    }

    pub(super) fn right(&mut self) {
        self.cursor = self.behind(self.cursor);
    }

    /// The start of the character left of `place`: one without a cell of its own belongs to
    /// the one before it.
    fn before(&self, place: usize) -> usize {
        let joins = |at: &usize| self.text.get(*at).is_some_and(|it| width(*it) == 0);
        (0..place).rev().find(|at| !joins(at)).unwrap_or(0)
    }

    /// The end of the character right of `place`.
    fn behind(&self, place: usize) -> usize {
        let begins = |at: &usize| self.text.get(*at).is_none_or(|it| width(*it) > 0);
        (place + 1..self.text.len()).find(begins).unwrap_or(self.text.len())
    }

    pub(super) fn home(&mut self) {
        self.cursor = 0;
    }

    pub(super) fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// Deletes the character left of the cursor.
    pub(super) fn delete_left(&mut self) {
        self.delete(self.before(self.cursor), self.cursor);
    }

    /// Deletes the character right of the cursor.
    pub(super) fn delete_right(&mut self) {
        self.delete(self.cursor, self.behind(self.cursor));
    }

    pub(super) fn delete_to_start(&mut self) {
        self.delete(0, self.cursor);
    }

    pub(super) fn delete_to_end(&mut self) {
        self.delete(self.cursor, self.text.len());
    }

    /// Deletes the word left of the cursor, and the blanks behind it.
    pub(super) fn delete_word(&mut self) {
        let mut before = self.text.iter().take(self.cursor).rev().peekable();
        let mut count = 0;
        while before.next_if(|character| character.is_whitespace()).is_some() {
            count += 1;
        }
        count += before.take_while(|character| !character.is_whitespace()).count();
        self.delete(self.cursor.saturating_sub(count), self.cursor);
    }

    fn delete(&mut self, start: usize, end: usize) {
        let deleted = self.text.drain(start..end).map(char::len_utf8).sum::<usize>();
        self.bytes -= deleted;
        self.cursor = start;
    }
}
