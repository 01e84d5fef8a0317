//! The lines before this one.

use super::line::Line;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};

/// Bytes of history.
const EDITOR_MAX: usize = 16 << 10;
/// Bytes of it that outlive the console.
pub const HISTORY_MAX: usize = 1024;

/// Lines, oldest first, and the one that the editor shows.
#[derive(Debug, Default)]
pub(super) struct History {
    lines: VecDeque<String>,
    /// The distance of that line from the end, 1 for the newest; and the line typed before.
    place: Option<(usize, String)>,
}

impl History {
    /// Adds a line. Drops the oldest lines beyond [`EDITOR_MAX`] bytes.
    pub(super) fn add(&mut self, line: &str) {
        self.leave();
        if line.is_empty() || self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        self.lines.push_back(line.to_string());
        while self.lines.iter().map(String::len).sum::<usize>() > EDITOR_MAX {
            self.lines.pop_front();
        }
    }

    /// Goes back to the line that is being typed.
    pub(super) fn leave(&mut self) {
        self.place = None;
    }

    /// The next line with this text that is further back, and how far.
    pub(super) fn find(&self, wanted: &str, back: usize) -> Option<(usize, &str)> {
        let mut lines = self.lines.iter().rev().enumerate().skip(back);
        let (place, line) = lines.find(|(_, line)| line.contains(wanted))?;
        Some((place.saturating_add(1), line))
    }

    pub(super) fn older(&mut self, line: &mut Line) {
        let back = self.place.as_ref().map_or(0, |(back, _)| *back) + 1;
        let Some(found) = self.lines.len().checked_sub(back).and_then(|at| self.lines.get(at))
        else {
            return;
        };
        let typed = self.place.take().map_or_else(|| line.text(), |(_, typed)| typed);
        line.set(found);
        self.place = Some((back, typed));
    }

    pub(super) fn newer(&mut self, line: &mut Line) {
        let Some((back, typed)) = self.place.take() else { return };
        let newer = back - 1;
        match self.lines.len().checked_sub(newer).and_then(|at| self.lines.get(at)) {
            Some(found) => {
                line.set(found);
                self.place = Some((newer, typed));
            }
            None => line.set(&typed),
        }
    }
}
