//! The threads that wait to be received at an endpoint, the most urgent first, then first come
//! first served.
//!
//! Shape: threads of one priority are a run (see [`runs`]).
//! Cost: a thread finds its place in one step for each priority that waits, however many
//! threads there are.

use super::runs::{self, SamePriority};
use super::{By, List, ThreadId, Threads};

/// A list of senders.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct Senders(List);

impl Senders {
    /// No threads.
    pub const EMPTY: Self = Self(List::EMPTY);

    /// The thread that is received next.
    pub fn first(&self) -> Option<ThreadId> {
        self.0.first()
    }

    /// Whether no thread waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Inserts a thread behind those that are as urgent.
    pub fn insert<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        let priority = threads[id].sched.priority;
        let mut place = runs::last(&self.0, threads);
        while let Some(run) = place.filter(|run| threads[run.first].sched.priority < priority) {
            place = runs::before(&self.0, threads, run);
        }
        match place {
            Some(run) => self.0.insert_after(threads, run.last, id, By::Queue),
            None => self.0.push_front(threads, id, By::Queue),
        }
        runs::linked::<SamePriority, F>(&self.0, threads, id);
    }

    /// Puts a thread back that was the first one and was taken out in the same entry.
    pub fn put_back<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        self.0.push_front(threads, id, By::Queue);
        runs::linked::<SamePriority, F>(&self.0, threads, id);
    }

    /// Takes out a thread. Its priority is the one with which it was inserted.
    pub fn remove<F>(&mut self, threads: &mut Threads<F>, id: ThreadId) {
        runs::unlinking::<SamePriority, F>(&self.0, threads, id);
        self.0.remove(threads, id, By::Queue);
    }

    /// The threads, from first to last.
    pub fn iter<'a, F>(
        &self,
        threads: &'a Threads<F>,
    ) -> impl Iterator<Item = ThreadId> + use<'a, F> {
        self.0.iter(threads, By::Queue)
    }
}

#[cfg(test)]
mod tests {
    use super::{Senders, runs};
    use crate::arena::{Arena, Slot};
    use crate::machine::{CpuId, Phys};
    use crate::object::{ProcessKind, Thread, ThreadId, Threads};

    /// The first and the last thread of each priority, as the list knows them.
    fn ends(senders: &Senders, threads: &Threads<()>) -> Vec<(ThreadId, ThreadId)> {
        runs::runs(&senders.0, threads).map(|run| (run.first, run.last)).collect()
    }

    #[test]
    fn against_a_sorted_vector() {
        let mut processes: Arena<ProcessKind, ()> = Arena::new((0..1).map(Slot::empty).collect());
        let process = processes.insert(()).unwrap();
        let mut threads: Threads<()> = Arena::new((0..24).map(Slot::empty).collect());
        let ids: Vec<ThreadId> = (0..24)
            .map(|_| threads.insert(Thread::new((), process, Phys::ZERO, 0, CpuId(0))).unwrap())
            .collect();
        let (mut senders, mut model) = (Senders::EMPTY, Vec::<ThreadId>::new());
        let mut seed = 7_u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let id = ids[usize::try_from(seed >> 40).unwrap() % ids.len()];
            if model.contains(&id) {
                let first = model.first() == Some(&id);
                senders.remove(&mut threads, id);
                if first && seed >> 39 & 1 != 0 {
                    senders.put_back(&mut threads, id);
                } else {
                    model.retain(|other| *other != id);
                }
            } else {
                threads[id].sched.priority = u8::try_from((seed >> 20) % 5).unwrap();
                let urgency = threads[id].sched.priority;
                let as_urgent = |other: &ThreadId| threads[*other].sched.priority >= urgency;
                model.insert(model.iter().take_while(|other| as_urgent(other)).count(), id);
                senders.insert(&mut threads, id);
            }
            assert!(senders.iter(&threads).eq(model.iter().copied()));
            let same = |one: &ThreadId, other: &ThreadId| {
                threads[*one].sched.priority == threads[*other].sched.priority
            };
            let runs: Vec<_> =
                model.chunk_by(same).map(|run| (run[0], run[run.len() - 1])).collect();
            assert_eq!(ends(&senders, &threads), runs);
        }
    }
}
