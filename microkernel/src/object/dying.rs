//! The processes that are taken apart, the most urgent first, then first come first served.
//!
//! Shape: a list for each priority, through the processes, and a bit for each list that has
//! some: to add, to remove and to find the first takes the same time however many there are.

use super::{Process, ProcessId, ProcessKind};
use crate::arena::Arena;
use abi::PRIORITIES;

/// The two ends of a list.
#[derive(Clone, Copy, Debug, Hash, Default)]
struct Ends {
    first: Option<ProcessId>,
    last: Option<ProcessId>,
}

/// Processes that are being taken apart.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Dying {
    lists: [Ends; PRIORITIES],
    occupied: u64,
}

impl Dying {
    /// No processes.
    pub const fn new() -> Self {
        Self { lists: [Ends { first: None, last: None }; PRIORITIES], occupied: 0 }
    }

    /// Whether there is none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    /// The process that is taken apart next.
    #[inline(always)]
    pub fn first(&self) -> Option<ProcessId> {
        self.lists[self.occupied.checked_ilog2()? as usize].first
    }

    fn place(urgency: u8) -> usize {
        usize::from(urgency).min(PRIORITIES - 1)
    }

    /// Adds a process that is in no list.
    pub fn add<T>(&mut self, processes: &mut Arena<ProcessKind, Process<T>>, id: ProcessId) {
        let place = Self::place(processes[id].teardown.urgency);
        let previous = self.lists[place].last.replace(id);
        processes[id].teardown.previous = previous;
        match previous {
            Some(previous) => processes[previous].teardown.next = Some(id),
            None => self.lists[place].first = Some(id),
        }
        self.occupied |= 1 << place;
    }

    /// Removes a process that is in its list. It need not be the first: what was done for it may
    /// have killed more urgent ones.
    pub fn remove<T>(&mut self, processes: &mut Arena<ProcessKind, Process<T>>, id: ProcessId) {
        let process = &mut processes[id];
        let place = Self::place(process.teardown.urgency);
        let (previous, next) = (process.teardown.previous.take(), process.teardown.next.take());
        match previous {
            Some(previous) => processes[previous].teardown.next = next,
            None => self.lists[place].first = next,
        }
        match next {
            Some(next) => processes[next].teardown.previous = previous,
            None => self.lists[place].last = previous,
        }
        if self.lists[place].first.is_none() {
            self.occupied &= !(1 << place);
        }
    }

    /// All of them, the most urgent first.
    #[cfg(test)]
    pub(crate) fn all<T>(&self, processes: &Arena<ProcessKind, Process<T>>) -> Vec<ProcessId> {
        let firsts = self.lists.iter().rev().filter_map(|ends| ends.first);
        let chain = |first| core::iter::successors(Some(first), |id| processes[*id].teardown.next);
        firsts.flat_map(chain).collect()
    }
}

impl Default for Dying {
    fn default() -> Self {
        Self::new()
    }
}
