//! What is done to all threads of a process, or finds one of them: at once where they are few,
//! else in pieces of the caller's operation.
//!
//! Shape: in pieces the arena of threads is gone through, not the process's list: so threads may
//! come and go in between, and every thread that was there from the beginning is met.

use crate::ipc::Done;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::mem::{Memory, Progress};
use crate::object::{By, Life, ObjectRef, Objects, Operation, ProcessId, ThreadId, ToThread};
use crate::sched::Sched;
use abi::{Error, Rights};

/// Threads that are reached in one go.
const THREADS_PER_PIECE: u32 = 16;
/// Places of the arena that are looked at in one piece.
const PLACES_PER_PIECE: usize = 512;
/// Threads that are counted in one piece.
const COUNTED_PER_PIECE: u64 = 256;

impl<M: Machine> Kernel<M> {
    /// Does something to each thread of a process.
    pub(crate) fn apply_to_threads(
        &mut self,
        me: ThreadId,
        process: ProcessId,
        act: ToThread,
    ) -> Done {
        if self.objects.processes[process].members.count > THREADS_PER_PIECE {
            self.start_operation(me, Operation::EachThread { process, act, next: 0 });
            return Done::Elsewhere;
        }
        let mut next = self.objects.processes[process].members.list.first();
        while let Some(id) = next {
            self.sched().apply_to_thread(id, act);
            next = self.objects.processes[process].members.list.after(
                &self.objects.threads,
                id,
                By::Sibling,
            );
        }
        Done::NOTHING
    }

    /// The thread at this place in a process's list, as a handle.
    pub(crate) fn find_thread(
        &mut self,
        me: ThreadId,
        process: ProcessId,
        index: u64,
    ) -> Result<Done, Error> {
        let at = self.objects.processes[process].members.list.first().ok_or(Error::BadArgument)?;
        if index >= u64::from(self.objects.processes[process].members.count) {
            return Err(Error::BadArgument);
        }
        self.start_operation(me, Operation::FindThread { process, at, left: index });
        Ok(Done::Elsewhere)
    }
}

impl<M: Machine> Sched<'_, M> {
    fn apply_to_thread(&mut self, id: ThreadId, act: ToThread) {
        match act {
            ToThread::Enqueue => self.enqueue(id),
            ToThread::Watch => {
                let process = self.objects.threads[id].process;
                self.objects.threads[id].calls.plain_end =
                    self.objects.processes[process].supervision.watch.calls_end();
            }
        }
    }

    /// A piece of it.
    pub(crate) fn each_thread_piece(
        &mut self,
        process: ProcessId,
        act: ToThread,
        first: usize,
    ) -> Progress {
        let lives = self.objects.processes.get(process).is_some_and(|it| it.life == Life::Alive);
        let end = self.objects.threads.capacity();
        let mut found = 0;
        for place in first..end.min(first.saturating_add(PLACES_PER_PIECE)) {
            let Some((id, thread)) = self.objects.threads.at(place) else { continue };
            if thread.process == process && !thread.dead {
                self.apply_to_thread(id, act);
                found += 1;
            }
            if found == THREADS_PER_PIECE {
                return Progress::More(Operation::EachThread { process, act, next: place + 1 });
            }
        }
        let next = first.saturating_add(PLACES_PER_PIECE);
        if next >= end || !lives {
            return Progress::Finished(0);
        }
        Progress::More(Operation::EachThread { process, act, next })
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Gives the thread a handle of another one: the status.
    pub(crate) fn grant_thread(&mut self, me: ThreadId, thread: ThreadId) -> u64 {
        let object = ObjectRef::Thread(thread);
        match self.grant(self.objects.threads[me].process, object, Rights::ALL, 0) {
            Ok(handle) => {
                self.objects.threads[me].frame.set_values(u64::from(handle.0), 0);
                0
            }
            Err(error) => error as u64,
        }
    }
}

impl<M: Machine> Objects<M> {
    /// A piece of the way to a thread. The list may change in between: who asks for places of a
    /// running process is told by `BadState` when the thread that was reached is gone.
    pub(crate) fn find_thread_piece(
        &self,
        process: ProcessId,
        at: ThreadId,
        left: u64,
    ) -> Progress {
        let gone = Progress::Finished(Error::BadState as u64);
        let there = self.threads.get(at).is_some_and(|it| it.process == process && !it.dead);
        let Some(list) = self.processes.get(process).map(|it| it.members.list).filter(|_| there)
        else {
            return gone;
        };
        let mut at = at;
        for _ in 0..left.min(COUNTED_PER_PIECE) {
            let Some(next) = list.after(&self.threads, at, By::Sibling) else {
                return gone;
            };
            at = next;
        }
        match left.saturating_sub(COUNTED_PER_PIECE) {
            0 => Progress::Thread(at),
            left => Progress::More(Operation::FindThread { process, at, left }),
        }
    }
}
