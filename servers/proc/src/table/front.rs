//! What a session with a terminal knows of it.

use alloc::vec::Vec;

/// A session with a terminal.
#[derive(Debug, Default)]
pub(super) struct Front {
    /// Its number.
    pub(super) session: u32,
    /// The group in the foreground; 0: the leader has the terminal.
    pub(super) group: u32,
    /// The groups that gave the terminal away, the last one last.
    pub(super) lenders: Vec<u32>,
}

impl Front {
    /// The session of this leader, which has the terminal.
    pub(super) fn of(session: u32) -> Self {
        Self { session, ..Self::default() }
    }

    /// A group gives the terminal away. Each is among the lenders once.
    pub(super) fn lend(&mut self, by: u32, to: u32) {
        for group in [by, to] {
            if let Some(place) = self.lenders.iter().position(|lender| *lender == group) {
                self.lenders.truncate(place);
            }
        }
        if by != to {
            self.lenders.push(by);
        }
    }
}
