//! Lines that were typed and not yet read: each is read once, and none is lost.
//!
//! A reader asks with a ticket of its own choice. The same ticket asks for the same
//! line again: so a reader that lost its reply, because the console died, repeats
//! the call and gets the line that the reply held. A new ticket says that the last
//! line arrived.

use crate::editor::HISTORY_MAX;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Bytes of unread lines from which on no more input is taken.
pub const UNREAD_MAX: usize = 3 * 1024;

/// The version of [`Lines`] in kept memory.
pub const VERSION: u32 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Handed {
    client: u64,
    ticket: u64,
    line: String,
}

/// What outlives the console server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    unread: VecDeque<String>,
    handed: Option<Handed>,
    history: VecDeque<String>,
    partial: String,
    foreground: Vec<u64>,
}

impl Lines {
    /// A line was completed.
    pub fn completed(&mut self, line: String) {
        if !line.is_empty() {
            self.history.push_back(line.clone());
        }
        while bytes(&self.history) > HISTORY_MAX {
            self.history.pop_front();
        }
        self.unread.push_back(line);
        self.partial.clear();
    }

    /// The line being edited, as it is now.
    pub fn set_partial(&mut self, text: String) {
        self.partial = text;
    }

    /// See [`Lines::set_partial`].
    pub fn partial(&self) -> &str {
        &self.partial
    }

    /// The clients in the foreground, as they are now.
    pub fn set_foreground(&mut self, clients: &[u64]) {
        self.foreground = clients.to_vec();
    }

    /// See [`Lines::set_foreground`].
    pub fn foreground(&self) -> &[u64] {
        &self.foreground
    }

    /// The line for this reader and ticket, and whether it was handed out before.
    pub fn take(&mut self, client: u64, ticket: u64) -> Option<(String, bool)> {
        if let Some(handed) = &self.handed
            && (handed.client, handed.ticket) == (client, ticket)
        {
            return Some((handed.line.clone(), true));
        }
        let line = self.unread.pop_front()?;
        self.handed = Some(Handed { client, ticket, line: line.clone() });
        Some((line, false))
    }

    /// The reader of the line handed out last is gone: it is for the next one.
    pub fn undelivered(&mut self) {
        if let Some(handed) = self.handed.take() {
            self.unread.push_front(handed.line);
        }
    }

    /// Forgets what was typed ahead.
    pub fn flush(&mut self) {
        self.unread.clear();
        self.partial.clear();
    }

    /// Whether input has to wait until lines are read.
    pub fn full(&self) -> bool {
        bytes(&self.unread) >= UNREAD_MAX
    }

    /// How many lines wait.
    pub fn waiting(&self) -> usize {
        self.unread.len()
    }

    /// The history, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &str> {
        self.history.iter().map(String::as_str)
    }
}

fn bytes(lines: &VecDeque<String>) -> usize {
    lines.iter().map(|line| line.len() + 2).sum()
}

#[cfg(test)]
mod tests {
    use super::{Lines, UNREAD_MAX, VERSION};
    use crate::editor::LINE_MAX;

    fn with(lines: &[&str]) -> Lines {
        let mut all = Lines::default();
        for line in lines {
            all.completed((*line).into());
        }
        all
    }

    #[test]
    fn lines_come_in_order_once() {
        let mut lines = with(&["a", "b"]);
        assert_eq!(lines.take(1, 10), Some(("a".into(), false)));
        assert_eq!(lines.take(1, 11), Some(("b".into(), false)));
        assert_eq!(lines.take(1, 12), None);
    }

    #[test]
    fn the_same_ticket_gets_the_same_line() {
        let mut lines = with(&["a", "b"]);
        lines.take(1, 10);
        assert_eq!(lines.take(1, 10), Some(("a".into(), true)));
        assert_eq!(lines.take(1, 11), Some(("b".into(), false)));
        assert_eq!(lines.take(1, 10), None, "an old ticket is a new request");
    }

    #[test]
    fn another_reader_does_not_get_it_again() {
        let mut lines = with(&["a", "b"]);
        lines.take(1, 10);
        assert_eq!(lines.take(2, 10), Some(("b".into(), false)));
    }

    #[test]
    fn a_line_whose_reader_died_is_for_the_next() {
        let mut lines = with(&["a", "b"]);
        lines.take(1, 10);
        lines.undelivered();
        assert_eq!(lines.take(2, 1), Some(("a".into(), false)));
        assert_eq!(lines.waiting(), 1);
    }

    #[test]
    fn full_before_memory_runs_out_and_history_is_bounded() {
        let mut lines = Lines::default();
        while !lines.full() {
            lines.completed("x".repeat(200));
        }
        assert!(lines.waiting() * 200 <= UNREAD_MAX + 200);
        assert!(lines.history().map(str::len).sum::<usize>() <= super::HISTORY_MAX);
        lines.flush();
        assert!(!lines.full());
    }

    #[test]
    fn the_most_lines_fit_into_the_four_pages_of_the_manifest() {
        let mut most = Lines::default();
        while !most.full() {
            most.completed("x".repeat(LINE_MAX));
        }
        most.set_partial("y".repeat(LINE_MAX));
        most.take(1, 1);
        most.set_foreground(&[u64::MAX; crate::foreground::CLIENTS_MAX]);
        let memory = sys::Memory::create(4).unwrap();
        let (mut kept, _) = keep::Kept::open(&memory, VERSION).unwrap();
        kept.save(&most).unwrap();
        let (_, found) = keep::Kept::open(&memory, VERSION).unwrap();
        assert_eq!(found, keep::Found::Value(most));
    }
}
