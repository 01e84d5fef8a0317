//! Open files in kept memory.

use alloc::vec::Vec;
use files::{NodeId, Ticket};
use keep::{KeepError, Kept};
use serde::{Deserialize, Serialize};
use sys::Memory;

/// The version of [`State`].
const VERSION: u32 = 2;
/// The most entries: what fits into half of four pages.
const ENTRIES: usize = 200;

/// An open file, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) ticket: u64,
    /// The badge of its owner.
    pub(crate) owner: u64,
    pub(crate) node: NodeId,
    pub(crate) write: bool,
    /// Whether another life may not know its node.
    pub(crate) fresh: Fresh,
    /// Whether its node has no name left: another life frees it.
    pub(crate) unlinked: bool,
    /// Whether no session has it yet: it was opened in an earlier life.
    pub(crate) waiting: bool,
}

/// Whether a node was made after the last commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fresh {
    /// It was there before.
    No,
    /// It was, and has the name that it was made with.
    Made,
    /// It was, and was renamed.
    Renamed,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct State {
    next: u64,
    entries: Vec<Entry>,
}

/// The table of open files, with what an earlier life left.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    state: State,
    kept: Option<Kept<State>>,
}

impl Tickets {
    /// Without memory, nothing outlives the server.
    pub(crate) fn open(memory: Option<&Memory>) -> Result<Self, KeepError> {
        let Some(memory) = memory else { return Ok(Self::default()) };
        let (kept, found) = Kept::<State>::open(memory, VERSION)?;
        let mut state = found.or_report("open files").unwrap_or_default();
        state.entries.truncate(ENTRIES);
        // What cannot be known again is dropped.
        state.entries.retain(|entry| entry.fresh != Fresh::Renamed && !entry.unlinked);
        state.entries.iter_mut().for_each(|entry| entry.waiting = true);
        // Numbers that were given out and not kept are behind these.
        state.next = state.next.max(sys::clock());
        Ok(Self { state, kept: Some(kept) })
    }

    /// Adds an open file. Where there is no room, the oldest one that waits goes.
    pub(crate) fn add(&mut self, owner: u64, node: NodeId, write: bool, fresh: Fresh) -> Ticket {
        let ticket = self.state.next;
        self.state.next = ticket.wrapping_add(1);
        if self.state.entries.len() >= ENTRIES
            && let Some(place) = self.state.entries.iter().position(|entry| entry.waiting)
        {
            self.state.entries.remove(place);
        }
        // One that does not fit is not kept: it ends with this life.
        if self.state.entries.len() < ENTRIES {
            let (unlinked, waiting) = (false, false);
            let entry = Entry { ticket, owner, node, write, fresh, unlinked, waiting };
            self.state.entries.push(entry);
            self.save();
        }
        Ticket(ticket)
    }

    /// Takes what waits for its owner.
    pub(crate) fn claim(&mut self, ticket: Ticket, owner: u64) -> Option<Entry> {
        let fits =
            |entry: &&mut Entry| entry.waiting && entry.ticket == ticket.0 && entry.owner == owner;
        let entry = self.state.entries.iter_mut().find(fits)?;
        entry.waiting = false;
        let claimed = entry.clone();
        self.save();
        Some(claimed)
    }

    pub(crate) fn remove(&mut self, ticket: Ticket) {
        self.state.entries.retain(|entry| entry.ticket != ticket.0);
        self.save();
    }

    /// A node has no name left: what waits for it is stale, and what is open will be.
    pub(crate) fn unlinked(&mut self, node: NodeId) {
        if !self.state.entries.iter().any(|entry| entry.node == node) {
            return;
        }
        self.state.entries.retain(|entry| entry.node != node || !entry.waiting);
        for entry in self.state.entries.iter_mut().filter(|entry| entry.node == node) {
            entry.unlinked = true;
        }
        self.save();
    }

    /// A node that was made after the last commit was renamed.
    pub(crate) fn renamed(&mut self, node: NodeId) {
        let mut of_node = self.state.entries.iter_mut().filter(|entry| entry.node == node);
        if let Some(first) = of_node.next() {
            first.fresh = Fresh::Renamed;
            of_node.for_each(|entry| entry.fresh = Fresh::Renamed);
            self.save();
        }
    }

    /// All nodes were committed.
    pub(crate) fn committed(&mut self) {
        let is_open = |entry: &Entry| !entry.waiting && entry.fresh != Fresh::No;
        if self.state.entries.iter().any(is_open) {
            let open = self.state.entries.iter_mut().filter(|entry| !entry.waiting);
            open.for_each(|entry| entry.fresh = Fresh::No);
            self.save();
        }
    }

    fn save(&mut self) {
        // An entry is at most 34 bytes: the table fits. Where it does not, files end with this
        // life, and their owners are told.
        if let Some(kept) = &mut self.kept {
            let _ = kept.save(&self.state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES, Entry, Fresh, State};

    #[test]
    fn the_table_fits_into_half_of_four_pages() -> Result<(), sys::Failure> {
        let (ticket, owner, node) = (u64::MAX, u64::MAX, u64::MAX);
        let (write, fresh, unlinked, waiting) = (true, Fresh::Renamed, true, true);
        let entry = Entry { ticket, owner, node, write, fresh, unlinked, waiting };
        let state = State { next: u64::MAX, entries: vec![entry; ENTRIES] };
        let memory = sys::Memory::create(4)?;
        let (mut kept, _) = keep::Kept::<State>::open(&memory, 1)?;
        kept.save(&state)?;
        Ok(())
    }
}
