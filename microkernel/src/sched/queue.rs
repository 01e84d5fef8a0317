//! The run queue of one CPU: a list for each priority and a bit for each list that has threads.

use crate::object::{By, List, ThreadId, Threads};
use abi::PRIORITIES;

const _: () = assert!(PRIORITIES <= 64, "one bit of `occupied` for each priority");

/// Threads that are ready and not current.
#[derive(Clone, Debug, Hash)]
pub struct RunQueue {
    lists: [List; PRIORITIES],
    occupied: u64,
}

impl RunQueue {
    /// Nobody is ready.
    pub const fn new() -> Self {
        Self { lists: [List::EMPTY; PRIORITIES], occupied: 0 }
    }

    /// The highest priority that has a thread.
    pub fn highest(&self) -> Option<u8> {
        #[expect(clippy::cast_possible_truncation, reason = "below 64")]
        self.occupied.checked_ilog2().map(|priority| priority as u8)
    }

    /// Whether a thread of this priority waits.
    pub fn has(&self, priority: u8) -> bool {
        self.occupied & (1 << priority) != 0
    }

    /// Adds a thread after or before the others of its priority.
    pub fn add<F>(&mut self, threads: &mut Threads<F>, id: ThreadId, front: bool) {
        let priority = threads[id].priority;
        let list = &mut self.lists[usize::from(priority)];
        if front {
            list.push_front(threads, id, By::Queue);
        } else {
            list.push_back(threads, id, By::Queue);
        }
        threads[id].queued = true;
        self.occupied |= 1 << priority;
    }

    /// Takes a queued thread out.
    pub fn remove<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        let priority = threads[id].priority;
        let list = &mut self.lists[usize::from(priority)];
        list.remove(threads, id, By::Queue);
        if list.is_empty() {
            self.occupied &= !(1 << priority);
        }
        threads[id].queued = false;
    }

    /// Takes the first thread of the highest priority out.
    pub fn take<F>(&mut self, threads: &mut Threads<F>) -> Option<ThreadId> {
        let first = self.lists[usize::from(self.highest()?)].first()?;
        self.remove(threads, first);
        Some(first)
    }

    /// All queued threads, the most urgent first.
    pub fn urgent_first<'a, F>(
        &'a self,
        threads: &'a Threads<F>,
    ) -> impl Iterator<Item = ThreadId> + 'a {
        let mut occupied = self.occupied;
        let lists = core::iter::from_fn(move || {
            let priority = occupied.checked_ilog2()?;
            occupied &= !(1 << priority);
            Some(&self.lists[priority as usize])
        });
        lists.flat_map(move |list| list.iter(threads, By::Queue))
    }

    /// All queued threads.
    pub fn iter<'a, F>(&'a self, threads: &'a Threads<F>) -> impl Iterator<Item = ThreadId> + 'a {
        self.lists.iter().flat_map(move |list| list.iter(threads, By::Queue))
    }
}

impl Default for RunQueue {
    fn default() -> Self {
        Self::new()
    }
}
