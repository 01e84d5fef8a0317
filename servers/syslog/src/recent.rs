//! The last lines.

use alloc::collections::VecDeque;
use alloc::string::String;
use syslog_api::{Lines, Range};

/// The most bytes of lines that are kept.
const KEPT_BYTES: usize = 48 << 10;
/// The most bytes of one answer.
const ANSWER_BYTES: usize = 4 << 10;

/// The last lines, by number.
#[derive(Debug, Default)]
pub struct Recent {
    lines: VecDeque<String>,
    bytes: usize,
    end: u64,
}

impl Recent {
    /// Adds a line, without its end; the oldest ones are forgotten.
    pub fn add(&mut self, line: String) {
        self.bytes = self.bytes.saturating_add(line.len());
        self.lines.push_back(line);
        self.end = self.end.saturating_add(1);
        while self.bytes > KEPT_BYTES
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes = self.bytes.saturating_sub(oldest.len());
        }
    }

    /// What is there.
    #[must_use]
    pub fn range(&self) -> Range {
        Range { first: self.end.saturating_sub(self.lines.len() as u64), end: self.end }
    }

    /// Lines from this number on.
    #[must_use]
    pub fn read(&self, first: u64) -> Lines {
        let Range { first: oldest, end } = self.range();
        let first = first.clamp(oldest, end);
        let skipped = usize::try_from(first.saturating_sub(oldest)).unwrap_or(usize::MAX);
        let (mut text, mut next) = (String::new(), first);
        for line in self.lines.iter().skip(skipped) {
            if !text.is_empty() && text.len().saturating_add(line.len()) >= ANSWER_BYTES {
                break;
            }
            text.push_str(line);
            text.push('\n');
            next = next.saturating_add(1);
        }
        Lines { text, next }
    }
}
