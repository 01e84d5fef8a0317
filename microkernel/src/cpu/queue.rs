//! The run queue of one CPU: a list for each priority and a bit for each list that has threads.
//!
//! **Shares.** Threads of one share (a process with its children) stand behind each other and
//! have one turn together: a slice that passes from one to the next when one of them waits,
//! and after which all of them go to the end. So a share gets no more by having more threads.
//!
//! Cost: one step for each share that waits at the priority, however many threads it has
//! ([`runs`]); to put a turn's threads last is one step.
//!
//! **Contexts.** A thread that runs on a scheduling context comes before those of its priority
//! that do not, and among its like the one whose period ends first: so contexts that need no
//! more than the whole CPU together all get their budgets. They stand in one list, and have
//! their bit in `occupied` too. Cost: one step for each of them that goes before.

use crate::object::runs::{self, SameShare};
use crate::object::{By, List, ProcessId, SchedState, Thread, ThreadId, Threads};
use abi::PRIORITIES;

const _: () = assert!(PRIORITIES <= 64, "one bit of `occupied` for each priority");

/// Threads that are ready and not current.
#[derive(Clone, Debug, Hash)]
pub struct RunQueue {
    lists: [List; PRIORITIES],
    /// Those on a context: by priority, then by the end of their period.
    reserved: List,
    occupied: u64,
}

impl RunQueue {
    /// No thread is ready.
    pub const fn new() -> Self {
        Self { lists: [List::EMPTY; PRIORITIES], reserved: List::EMPTY, occupied: 0 }
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
        let thread = &mut threads[id];
        if thread.sched.context.is_some() {
            return self.reserve(threads, id);
        }
        if !self.add_alone(id, thread) {
            self.list(threads, id).push_front(threads, id, By::Queue);
            self.added(threads, id);
        }
    }

    /// Adds a thread without a context, if it is the only one of its priority.
    #[inline(always)]
    pub fn add_alone<F>(&mut self, id: ThreadId, thread: &mut Thread<F>) -> bool {
        let list = &mut self.lists[usize::from(thread.sched.priority)];
        let alone = list.is_empty();
        if alone {
            // A thread in no list has no neighbours.
            *list = List::of(id);
            thread.sched.queued = true;
            self.occupied |= 1 << thread.sched.priority;
        }
        alone
    }

    /// Adds a thread on a context: behind those that go first, or went before at the same time.
    fn reserve<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        let before = |other: &ThreadId| !goes_before(&threads[id], &threads[*other]);
        match self.reserved.iter(threads, By::Queue).take_while(before).last() {
            Some(place) => self.reserved.insert_after(threads, place, id, By::Queue),
            None => self.reserved.push_front(threads, id, By::Queue),
        }
        self.mark(threads, id);
    }

    /// Adds a thread where it has its turn with the others of its share: behind them, or last.
    /// When they have their turn now, not behind those at the front: it waits for the next.
    pub fn add<F>(&mut self, threads: &mut Threads<F>, id: ThreadId, in_turn: bool) {
        if threads[id].sched.context.is_some() {
            return self.reserve(threads, id);
        }
        let share = threads[id].sched.share;
        let list = self.list(threads, id);
        let place =
            if list.is_empty() { None } else { runs::of_share(list, threads, share, in_turn) };
        match place {
            Some(run) => list.insert_after(threads, run.last, id, By::Queue),
            None => list.push_back(threads, id, By::Queue),
        }
        self.added(threads, id);
    }

    /// Adds a thread whose turn is over: those of its share that stand first go last too.
    pub fn add_after_turn<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        if threads[id].sched.context.is_some() {
            return self.reserve(threads, id);
        }
        let (share, list) = (threads[id].sched.share, self.list(threads, id));
        let front = runs::first(list, threads);
        match front.filter(|run| threads[run.first].sched.share == share) {
            Some(run) => {
                runs::rotate::<SameShare, F>(list, threads, run);
                list.push_back(threads, id, By::Queue);
                self.added(threads, id);
            }
            None => self.add(threads, id, false),
        }
    }

    /// Whether a thread on a context with this priority waits.
    fn reserves<F>(&self, threads: &Threads<F>, priority: u8) -> bool {
        let of_this = |id: ThreadId| threads[id].sched.priority == priority;
        !self.reserved.is_empty() && self.reserved.iter(threads, By::Queue).any(of_this)
    }

    /// The first thread on a context, if it has this priority.
    pub fn first_reserved<F>(&self, threads: &Threads<F>, priority: u8) -> Option<ThreadId> {
        self.reserved.first().filter(|first| threads[*first].sched.priority == priority)
    }

    /// The thread that has its turn next among those of this priority without a context.
    pub fn first(&self, priority: u8) -> Option<ThreadId> {
        self.lists[usize::from(priority)].first()
    }

    /// Whether a thread of another share waits at this priority, for a turn of its own.
    pub fn has_other_share<F>(&self, threads: &Threads<F>, priority: u8, share: ProcessId) -> bool {
        let list = &self.lists[usize::from(priority)];
        runs::runs(list, threads).take(2).any(|run| threads[run.first].sched.share != share)
    }

    fn list<F>(&mut self, threads: &Threads<F>, id: ThreadId) -> &mut List {
        &mut self.lists[usize::from(threads[id].sched.priority)]
    }

    #[inline(always)]
    fn added<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        runs::linked::<SameShare, F>(self.list(threads, id), threads, id);
        self.mark(threads, id);
    }

    #[inline(always)]
    fn mark<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        threads[id].sched.queued = true;
        self.occupied |= 1 << threads[id].sched.priority;
    }

    /// Takes a queued thread out.
    pub fn remove<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        let SchedState { priority, context, .. } = threads[id].sched;
        let list = &mut self.lists[usize::from(priority)];
        if context.is_some() {
            self.reserved.remove(threads, id, By::Queue);
        } else {
            runs::unlinking::<SameShare, F>(list, threads, id);
            list.remove(threads, id, By::Queue);
        }
        if self.lists[usize::from(priority)].is_empty() && !self.reserves(threads, priority) {
            self.occupied &= !(1 << priority);
        }
        threads[id].sched.queued = false;
    }

    /// Takes the first thread of the highest priority out.
    pub fn take<F>(&mut self, threads: &mut Threads<F>) -> Option<ThreadId> {
        if let Some(one) = self.most_urgent_one() {
            self.take_alone(&mut threads[one]);
            return Some(one);
        }
        let highest = self.highest()?;
        let first = self.first_reserved(threads, highest).or_else(|| self.first(highest))?;
        self.remove(threads, first);
        Some(first)
    }

    /// The only thread of the highest priority, if there is one and no thread is on a context.
    #[inline(always)]
    pub fn most_urgent_one(&self) -> Option<ThreadId> {
        let list = &self.lists[usize::from(self.highest()?)];
        let first = list.first()?;
        (list.last() == Some(first) && self.reserved.is_empty()).then_some(first)
    }

    /// Takes out a thread without a context that is the only one of its priority.
    #[inline(always)]
    pub fn take_alone<F>(&mut self, thread: &mut Thread<F>) {
        self.lists[usize::from(thread.sched.priority)] = List::EMPTY;
        thread.sched.queued = false;
        self.occupied &= !(1 << thread.sched.priority);
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
            Some(priority)
        });
        lists.flat_map(move |priority| {
            let of_this = move |id: &ThreadId| u32::from(threads[*id].sched.priority) == priority;
            let reserved = self.reserved.iter(threads, By::Queue).filter(of_this);
            reserved.chain(self.lists[priority as usize].iter(threads, By::Queue))
        })
    }

    /// All queued threads.
    pub fn iter<'a, F>(&'a self, threads: &'a Threads<F>) -> impl Iterator<Item = ThreadId> + 'a {
        let lists = self.lists.iter().chain([&self.reserved]);
        lists.flat_map(move |list| list.iter(threads, By::Queue))
    }
}

/// Whether the first of two threads goes before the other when both are ready and the other
/// has just begun its turn.
pub(crate) fn goes_before<F>(one: &Thread<F>, other: &Thread<F>) -> bool {
    let equal = one.sched.priority == other.sched.priority && one.sched.context.is_some();
    one.sched.priority > other.sched.priority
        || (equal && (other.sched.context.is_none() || one.sched.due < other.sched.due))
}

impl Default for RunQueue {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::RunQueue;
    use crate::arena::{Arena, Slot};
    use crate::machine::{CpuId, Phys};
    use crate::object::{ProcessId, ProcessKind, Thread, ThreadId, Threads};

    const PRIORITY: u8 = 5;

    /// A queue, and the order it should have, gone through thread by thread.
    struct Pair {
        threads: Threads<()>,
        queue: RunQueue,
        model: Vec<ThreadId>,
    }

    impl Pair {
        fn new(shares: usize, each: usize) -> Self {
            let slots = (0..shares).map(Slot::empty).collect();
            let mut processes: Arena<ProcessKind, ()> = Arena::new(slots);
            let mut threads: Threads<()> =
                Arena::new((0..shares * each).map(Slot::empty).collect());
            for _ in 0..shares {
                let share = processes.insert(()).unwrap();
                for _ in 0..each {
                    let thread = Thread::new((), share, Phys::ZERO, PRIORITY, CpuId(0));
                    assert!(threads.insert(thread).is_ok());
                }
            }
            Self { threads, queue: RunQueue::new(), model: Vec::new() }
        }

        fn share(&self, id: ThreadId) -> ProcessId {
            self.threads[id].sched.share
        }

        fn add(&mut self, id: ThreadId, in_turn: bool) {
            self.queue.add(&mut self.threads, id, in_turn);
            let its = |other: &ThreadId| self.share(*other) == self.share(id);
            let turn = self.model.iter().take_while(|other| in_turn && its(other)).count();
            let last = self.model[turn..].iter().rposition(its);
            let place = last.map_or(self.model.len(), |last| turn + last + 1);
            self.model.insert(place, id);
        }

        fn add_after_turn(&mut self, id: ThreadId) {
            self.queue.add_after_turn(&mut self.threads, id);
            let share = self.share(id);
            let turn = self.model.iter().take_while(|other| self.share(**other) == share).count();
            self.model.rotate_left(turn);
            let last = self.model.iter().rposition(|other| self.share(*other) == share);
            self.model.insert(last.map_or(self.model.len(), |last| last + 1), id);
        }

        fn add_first(&mut self, id: ThreadId) {
            self.queue.add_first(&mut self.threads, id);
            self.model.insert(0, id);
        }

        fn remove(&mut self, id: ThreadId) {
            self.queue.remove(&mut self.threads, id);
            self.model.retain(|other| *other != id);
        }

        fn compare(&self) {
            assert!(self.queue.iter(&self.threads).eq(self.model.iter().copied()));
            assert_eq!(self.queue.has(PRIORITY), !self.model.is_empty());
            let runs = self.model.chunk_by(|one, other| self.share(*one) == self.share(*other));
            let runs: Vec<_> = runs.map(|run| (run[0], run[run.len() - 1])).collect();
            assert_eq!(self.queue.runs(&self.threads, PRIORITY), runs);
            for id in self.threads.ids() {
                let share = self.share(id);
                let others = self.model.iter().any(|other| self.share(*other) != share);
                assert_eq!(self.queue.has_other_share(&self.threads, PRIORITY, share), others);
            }
        }
    }

    impl RunQueue {
        /// The first and the last thread of each run.
        pub(crate) fn runs<F>(
            &self,
            threads: &Threads<F>,
            priority: u8,
        ) -> Vec<(ThreadId, ThreadId)> {
            let runs = super::runs::runs(&self.lists[usize::from(priority)], threads);
            runs.map(|run| (run.first, run.last)).collect()
        }
    }

    #[test]
    fn against_a_queue_without_runs() {
        let mut pair = Pair::new(3, 4);
        let all: Vec<ThreadId> = pair.threads.ids().collect();
        let mut seed = 7_u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = |bits: u32, end: usize| usize::try_from(seed >> bits).unwrap() % end;
            let id = all[number(58, all.len())];
            match number(40, 4) {
                _ if pair.threads[id].sched.queued => pair.remove(id),
                0 => pair.add_first(id),
                1 => pair.add_after_turn(id),
                way => pair.add(id, way == 2),
            }
            pair.compare();
        }
    }
}
