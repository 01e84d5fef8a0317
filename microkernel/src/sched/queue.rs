//! The run queue of one CPU: a list for each priority and a bit for each list that has threads.
//!
//! **Shares.** Threads of one share (a process with its children) stand behind each other and
//! have one turn together: a slice that passes from one to the next when one of them waits,
//! and after which all of them go to the end. So nobody gets more by having more threads.

use crate::object::{By, List, ProcessId, ThreadId, Threads};
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

    /// Whether all threads in it are less urgent than this.
    #[inline(always)]
    pub fn all_below(&self, priority: u8) -> bool {
        self.occupied.wrapping_shr(u32::from(priority)) == 0
    }

    /// Whether a thread of this priority waits.
    #[inline(always)]
    pub fn has(&self, priority: u8) -> bool {
        self.occupied.wrapping_shr(u32::from(priority)) & 1 != 0
    }

    /// Adds a thread before the others of its priority: its turn is not over.
    pub fn add_first<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        self.list(threads, id).push_front(threads, id, By::Queue);
        self.added(threads, id);
    }

    /// Adds a thread where it has its turn with the others of its share: behind them, or last.
    /// When they have their turn now, not behind those at the front: it waits for the next.
    pub fn add<F>(&mut self, threads: &mut Threads<F>, id: ThreadId, in_turn: bool) {
        let share = threads[id].share;
        let (mut others_before, mut place) = (!in_turn, None);
        for other in self.list(threads, id).iter(threads, By::Queue) {
            if threads[other].share != share {
                others_before = true;
            } else if others_before {
                place = Some(other);
            }
        }
        let list = self.list(threads, id);
        match place {
            Some(place) => list.insert_after(threads, place, id, By::Queue),
            None => list.push_back(threads, id, By::Queue),
        }
        self.added(threads, id);
    }

    /// Adds a thread whose turn is over: those of its share that stand first go last too.
    pub fn add_after_turn<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        let (share, list) = (threads[id].share, self.list(threads, id));
        let last = list.last();
        while let Some(first) = list.first().filter(|first| threads[*first].share == share) {
            list.remove(threads, first, By::Queue);
            list.push_back(threads, first, By::Queue);
            if Some(first) == last {
                // Only its share is here.
                break;
            }
        }
        self.add(threads, id, false);
    }

    /// The thread that has its turn next among those of this priority.
    pub fn first(&self, priority: u8) -> Option<ThreadId> {
        self.lists[usize::from(priority)].first()
    }

    /// Whether a thread of another share waits at this priority.
    pub fn has_other_share<F>(&self, threads: &Threads<F>, priority: u8, share: ProcessId) -> bool {
        let mut all = self.lists[usize::from(priority)].iter(threads, By::Queue);
        all.any(|id| threads[id].share != share)
    }

    fn list<F>(&mut self, threads: &Threads<F>, id: ThreadId) -> &mut List {
        &mut self.lists[usize::from(threads[id].priority)]
    }

    fn added<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        threads[id].queued = true;
        self.occupied |= 1 << threads[id].priority;
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
