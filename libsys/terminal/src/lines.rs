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
pub const VERSION: u32 = 4;

/// What a reader gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Typed {
    /// A line.
    Line(String),
    /// The end of input, typed where a line could begin.
    End,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Handed {
    client: u64,
    ticket: u64,
    typed: Typed,
}

/// What outlives the console server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    unread: VecDeque<Typed>,
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
        self.unread.push_back(Typed::Line(line));
        self.partial.clear();
    }

    /// The end of input was typed.
    pub fn ended(&mut self) {
        self.unread.push_back(Typed::End);
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

    /// What this reader and ticket gets, and whether it was handed out before.
    pub fn take(&mut self, client: u64, ticket: u64) -> Option<(Typed, bool)> {
        if let Some(handed) = &self.handed
            && (handed.client, handed.ticket) == (client, ticket)
        {
            return Some((handed.typed.clone(), true));
        }
        let typed = self.unread.pop_front()?;
        self.handed = Some(Handed { client, ticket, typed: typed.clone() });
        Some((typed, false))
    }

    /// The reader of what was handed out last is gone: it is for the next one.
    pub fn undelivered(&mut self) {
        if let Some(handed) = self.handed.take() {
            self.unread.push_front(handed.typed);
        }
    }

    /// Forgets what was typed ahead.
    pub fn flush(&mut self) {
        self.unread.clear();
        self.partial.clear();
    }

    /// Whether input has to wait until lines are read.
    pub fn full(&self) -> bool {
        let unread = self.unread.iter().map(|typed| match typed {
            Typed::Line(line) => size(line),
            Typed::End => size(""),
        });
        unread.sum::<usize>() >= UNREAD_MAX
    }

    /// How many lines and ends of input wait.
    pub fn waiting(&self) -> usize {
        self.unread.len()
    }

    /// The history, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &str> {
        self.history.iter().map(String::as_str)
    }
}

fn bytes(lines: &VecDeque<String>) -> usize {
    lines.iter().map(|line| size(line)).sum()
}

/// The bytes of a line in kept memory, about.
fn size(line: &str) -> usize {
    line.len() + 2
}

#[cfg(test)]
mod tests {
    use super::{Lines, Typed, UNREAD_MAX, VERSION};
    use crate::editor::LINE_MAX;

    fn with(lines: &[&str]) -> Lines {
        let mut all = Lines::default();
        for line in lines {
            all.completed((*line).into());
        }
        all
    }

    fn line(text: &str) -> Typed {
        Typed::Line(text.into())
    }

    #[test]
    fn lines_come_in_order_once() {
        let mut lines = with(&["a", "b"]);
        assert_eq!(lines.take(1, 10), Some((line("a"), false)));
        assert_eq!(lines.take(1, 11), Some((line("b"), false)));
        assert_eq!(lines.take(1, 12), None);
    }

    #[test]
    fn the_same_ticket_gets_the_same_line() {
        let mut lines = with(&["a", "b"]);
        lines.take(1, 10);
        assert_eq!(lines.take(1, 10), Some((line("a"), true)));
        assert_eq!(lines.take(1, 11), Some((line("b"), false)));
        assert_eq!(lines.take(1, 10), None, "an old ticket is a new request");
    }

    #[test]
    fn an_end_of_input_waits_its_turn() {
        let mut lines = with(&["a"]);
        lines.ended();
        lines.completed("b".into());
        let taken: Vec<Typed> =
            (0..3).filter_map(|ticket| lines.take(1, ticket)).map(|it| it.0).collect();
        assert_eq!(taken, [line("a"), Typed::End, line("b")]);
        while !lines.full() {
            lines.ended();
        }
        assert!(lines.waiting() <= UNREAD_MAX);
    }

    #[test]
    fn another_reader_does_not_get_it_again() {
        let mut lines = with(&["a", "b"]);
        lines.take(1, 10);
        assert_eq!(lines.take(2, 10), Some((line("b"), false)));
    }

    #[test]
    fn a_line_whose_reader_died_is_for_the_next() {
        let mut lines = with(&["a", "b"]);
        lines.take(1, 10);
        lines.undelivered();
        assert_eq!(lines.take(2, 1), Some((line("a"), false)));
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
