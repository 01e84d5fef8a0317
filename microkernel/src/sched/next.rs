//! Which thread is next: the run queue of this CPU, then those of others.

use super::Sched;
use super::debt::MOST_SKIPPED;
use super::switch::NextThread;
use crate::cpu::{Scheduler, goes_before};
use crate::machine::{CpuId, Machine};
use crate::object::{ThreadId, Threads};
use crate::work::Work;

/// Threads of another CPU's queue that a CPU without work looks at.
const PULL_LOOKS: usize = 8;
/// Threads of suspended processes that one look at a run queue drops.
const DROPPED_PER_TURN: usize = 16;

impl<M: Machine> Sched<'_, M> {
    /// The current thread ends its turn: others of its priority run first.
    pub(crate) fn yield_turn(&mut self, id: ThreadId) -> NextThread {
        let sched = &mut self.objects.threads[id].sched;
        sched.slice = 0;
        let cpu = sched.cpu;
        self.settle(cpu);
        NextThread::Other
    }

    /// Takes the thread of the highest priority out of the queue. A turn that is owed is skipped.
    /// Threads of a suspended process are dropped: its resumption brings them back.
    pub(super) fn take_next(&mut self, cpu: CpuId) -> Option<ThreadId> {
        let (mut skipped, mut dropped) = (0, 0);
        loop {
            let id = self.sched.cpu_mut(cpu).queue.take(&mut self.objects.threads)?;
            if !self.objects.runnable(id) {
                dropped += 1;
                if dropped == DROPPED_PER_TURN {
                    self.set_cpu_work(cpu, Work::Reschedule);
                    return None;
                }
                continue;
            }
            let thread = &self.objects.threads[id];
            if thread.sched.slice > 0 || thread.sched.context.is_some() || self.begin_turn(cpu, id)
            {
                return Some(id);
            }
            if skipped == MOST_SKIPPED {
                self.objects.threads[id].sched.slice = self.sched.slice;
                return Some(id);
            }
            skipped += 1;
            self.sched.cpu_mut(cpu).queue.add_after_turn(&mut self.objects.threads, id);
        }
    }

    /// Takes the thread of the highest priority that is queued on another CPU and may run here.
    pub(super) fn pull(&mut self, cpu: CpuId) -> Option<ThreadId> {
        let mut best: Option<ThreadId> = None;
        for other in 0..self.sched.cpus.len() {
            if other == usize::from(cpu.0) {
                continue;
            }
            self.drop_stopped(other, cpu);
            let (queue, objects) = (&self.sched.cpus[other].queue, &*self.objects);
            let mut waiting = queue.urgent_first(&objects.threads).take(PULL_LOOKS);
            let found =
                waiting.find(|id| objects.threads[*id].sched.allows(cpu) && objects.runnable(*id));
            let priority = |id: ThreadId| objects.threads[id].sched.priority;
            if found.map(priority) > best.map(priority) {
                best = found;
            }
        }
        let id = best?;
        self.dequeue(id);
        self.objects.threads[id].sched.cpu = cpu;
        self.objects.threads[id].sched.slice = self.sched.slice;
        Some(id)
    }

    /// Drops threads of suspended processes that hide others from a CPU without work.
    fn drop_stopped(&mut self, other: usize, here: CpuId) {
        for _ in 0..PULL_LOOKS {
            let queue = &self.sched.cpus[other].queue;
            let Some(first) = queue.urgent_first(&self.objects.threads).next() else { return };
            if self.objects.runnable(first) {
                return;
            }
            self.dequeue(first);
        }
        self.set_cpu_work(here, Work::Reschedule);
    }

    /// Whether the current thread goes on: no thread of higher priority is ready, and its slice is
    /// not over or no thread of its priority is ready.
    pub(super) fn should_keep_running(&mut self, cpu: CpuId, id: ThreadId) -> bool {
        let thread = &self.objects.threads[id];
        if !thread.sched.allows(cpu) {
            return false;
        }
        let (priority, slice) = (thread.sched.priority, thread.sched.slice);
        let queue = &self.sched.cpu(cpu).queue;
        match queue.highest() {
            Some(highest) if highest > priority => false,
            Some(highest) if highest == priority => {
                (slice > 0 || thread.sched.context.is_some()) && {
                    let first = queue.first_reserved(&self.objects.threads, priority);
                    first.is_none_or(|first| !goes_before(&self.objects.threads[first], thread))
                }
            }
            _ => {
                if slice == 0 {
                    self.objects.threads[id].sched.slice = self.sched.slice;
                }
                true
            }
        }
    }

    /// Puts the thread that was current back. One that was preempted keeps its place and its slice;
    /// one whose slice is over goes last, with its share; one that blocked leaves the rest of its
    /// slice to its share.
    pub(super) fn requeue(&mut self, cpu: CpuId, id: ThreadId, runnable: bool) {
        if !runnable {
            self.sched.leave_slice(&mut self.objects.threads, cpu, id);
        } else if !self.objects.threads[id].sched.allows(cpu) {
            self.enqueue(id);
        } else if self.objects.threads[id].sched.slice > 0 {
            self.sched.cpu_mut(cpu).queue.add_first(&mut self.objects.threads, id);
        } else {
            self.sched.cpu_mut(cpu).queue.add_after_turn(&mut self.objects.threads, id);
        }
    }
}

impl Scheduler {
    /// Gives the rest of the thread's slice to the next thread of the queue, if it is of its share.
    pub(crate) fn leave_slice<F>(&self, threads: &mut Threads<F>, cpu: CpuId, id: ThreadId) {
        let thread = &mut threads[id];
        if thread.sched.context.is_some() {
            return;
        }
        let (share, left) = (thread.sched.share, core::mem::take(&mut thread.sched.slice));
        let next = self.cpus[usize::from(cpu.0)].queue.first(thread.sched.priority);
        if let Some(next) = next.filter(|next| threads[*next].sched.share == share) {
            let slice = &mut threads[next].sched.slice;
            *slice = (*slice).max(left);
        }
    }
}
