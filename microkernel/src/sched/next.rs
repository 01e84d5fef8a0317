//! Who is next: when the current thread waits or yields, or its turn is over.

use super::debt::MOST_SKIPPED;
use super::decide::{allows, may_run};
use super::queue::goes_before;
use crate::exit::{Context, Work};
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::{State, ThreadId};

/// Threads of another CPU that one without work looks at.
const PULL_LOOKS: usize = 8;
/// Threads of suspended processes that one look at a run queue drops.
const DROPPED_PER_TURN: usize = 16;

impl<M: Machine> Kernel<M> {
    /// The current thread, when it waits now, is not the one to run: the next one is, past
    /// the loop.
    #[inline(always)]
    pub(crate) fn give_way(&mut self, id: ThreadId) {
        let thread = &self.threads[id];
        let (waits, cpu) = (thread.state != State::Ready, thread.cpu);
        if waits && self.cpu(cpu).current == Some(id) && !self.goes_to_the_one(cpu, id) {
            self.settle(cpu);
            self.choose(cpu);
        }
    }

    /// The current thread waits now, and one other is ready, or one is more urgent than all
    /// others: it is next, as [`Kernel::choose`] would find. False when it is not so simple.
    #[inline(always)]
    fn goes_to_the_one(&mut self, cpu: CpuId, me: ThreadId) -> bool {
        let state = &mut self.cpus[usize::from(cpu.0)];
        let Some(next) = state.queue.most_urgent_one() else { return false };
        let (from, to) = self.threads.pair_mut(me, next);
        // A turn that nobody else waits for is not skipped, whatever is owed.
        if from.context.is_some() || !may_run(to, &self.processes[to.process]) {
            return false;
        }
        let time = state.clock.take_unsettled();
        let debt = from.spend(time);
        self.processes[from.process].book(time);
        state.queue.take_alone(to);
        let left = core::mem::take(&mut from.slice);
        if (to.share, to.priority) == (from.share, from.priority) {
            to.slice = to.slice.max(left);
        }
        to.begin_slice(self.slice);
        // Nobody of its priority waits any more, so no timer is to end its slice.
        state.current = Some(next);
        self.stats.switches = self.stats.switches.wrapping_add(1);
        if let Some((client, owed)) = debt {
            self.owe(me, client, owed);
        }
        self.find_reaper();
        true
    }

    /// The current thread lets others of its priority run.
    pub(crate) fn yield_now(&mut self, id: ThreadId) {
        let cpu = self.threads[id].cpu;
        self.settle(cpu);
        self.threads[id].slice = 0;
        self.choose(cpu);
    }

    /// Makes the most urgent runnable thread current.
    pub(crate) fn schedule(&mut self, cpu: CpuId) {
        self.account(cpu, Context::Kernel);
        self.choose(cpu);
    }

    /// The same, when the current thread's time is settled.
    fn choose(&mut self, cpu: CpuId) {
        let current = self.cpu(cpu).current;
        if let Some(id) = current {
            if self.changes_places(cpu, id) {
                return self.find_reaper();
            }
            let runnable = self.runnable(id);
            if runnable && self.keeps(cpu, id) {
                return self.look_at_slice_timer(cpu);
            }
            self.cpu_mut(cpu).current = None;
            self.set_aside(cpu, id, runnable);
        }
        let next = self.take_next(cpu).or_else(|| self.pull(cpu));
        self.cpu_mut(cpu).current = next;
        if next != current {
            self.stats.switches += 1;
            if self.cpus.len() > 1 {
                self.find_place(current);
            }
        }
        self.look_at_slice_timer(cpu);
        self.find_reaper();
    }

    /// The current thread's turn is over, and one other takes turns with it: that is next, as
    /// [`Kernel::take_next`] would find. False when it is not so simple. Who waits is not seen
    /// here: where `give_way` does not go to the one, what it missed is missing here, too.
    #[inline(always)]
    fn changes_places(&mut self, cpu: CpuId, me: ThreadId) -> bool {
        let state = &mut self.cpus[usize::from(cpu.0)];
        let Some(next) = state.queue.most_urgent_one() else { return false };
        let (from, to) = self.threads.pair_mut(me, next);
        let turns = from.slice == 0 && from.priority == to.priority;
        if !turns || from.timed | to.timed || !allows(from, cpu) {
            return false;
        }
        let process = &self.processes[to.process];
        let in_debt = to.debt | self.processes.get(to.share).map_or(0, |share| share.debt) != 0;
        if in_debt || !may_run(to, process) || !may_run(from, &self.processes[from.process]) {
            return false;
        }
        state.queue.take_alone(to);
        let _alone = state.queue.add_alone(me, from);
        to.begin_slice(self.slice);
        state.current = Some(next);
        self.stats.switches = self.stats.switches.wrapping_add(1);
        self.look_at_slice_timer(cpu);
        true
    }

    /// The most urgent of the threads that wait for this CPU. A turn that is owed is skipped.
    /// Threads of a suspended process are dropped: its resumption brings them back.
    fn take_next(&mut self, cpu: CpuId) -> Option<ThreadId> {
        let (mut skipped, mut dropped) = (0, 0);
        loop {
            let id = self.queue(cpu, |queue, threads| queue.take(threads))?;
            if !self.runnable(id) {
                dropped += 1;
                if dropped == DROPPED_PER_TURN {
                    self.set_cpu_work(cpu, Work::Reschedule);
                    return None;
                }
                continue;
            }
            let thread = &self.threads[id];
            if thread.slice > 0 || thread.context.is_some() || self.begin_turn(cpu, id) {
                return Some(id);
            }
            if skipped == MOST_SKIPPED {
                self.threads[id].slice = self.slice;
                return Some(id);
            }
            skipped += 1;
            self.queue(cpu, |queue, threads| queue.add_after_turn(threads, id));
        }
    }

    /// Nobody waits for this CPU: the most urgent thread that waits for another one and
    /// may run here.
    fn pull(&mut self, cpu: CpuId) -> Option<ThreadId> {
        let mut best: Option<ThreadId> = None;
        for other in 0..self.cpus.len() {
            if other == usize::from(cpu.0) {
                continue;
            }
            self.drop_stopped(other, cpu);
            let mut waiting = self.cpus[other].queue.urgent_first(&self.threads).take(PULL_LOOKS);
            let found = waiting.find(|id| self.allowed(*id, cpu) && self.runnable(*id));
            let priority = |id: ThreadId| self.threads[id].priority;
            if found.map(priority) > best.map(priority) {
                best = found;
            }
        }
        let id = best?;
        self.dequeue(id);
        self.threads[id].cpu = cpu;
        self.threads[id].slice = self.slice;
        Some(id)
    }

    /// Threads of suspended processes hide no others from a CPU that looks for work.
    fn drop_stopped(&mut self, other: usize, here: CpuId) {
        for _ in 0..PULL_LOOKS {
            let queue = &self.cpus[other].queue;
            let Some(first) = queue.urgent_first(&self.threads).next() else { return };
            if self.runnable(first) {
                return;
            }
            self.dequeue(first);
        }
        self.set_cpu_work(here, Work::Reschedule);
    }

    /// Whether the current thread stays: nobody more urgent, slice not over.
    fn keeps(&mut self, cpu: CpuId, id: ThreadId) -> bool {
        let thread = &self.threads[id];
        if !allows(thread, cpu) {
            return false;
        }
        let (priority, slice) = (thread.priority, thread.slice);
        let queue = &self.cpu(cpu).queue;
        match queue.highest() {
            Some(highest) if highest > priority => false,
            Some(highest) if highest == priority => {
                (slice > 0 || thread.context.is_some()) && {
                    let first = queue.first_reserved(&self.threads, priority);
                    first.is_none_or(|first| !goes_before(&self.threads[first], thread))
                }
            }
            _ => {
                if slice == 0 {
                    self.threads[id].slice = self.slice;
                }
                true
            }
        }
    }

    /// A preempted thread keeps its place and its slice; one whose slice is over goes last,
    /// with its share; one that waits leaves the rest to its share.
    pub(super) fn set_aside(&mut self, cpu: CpuId, id: ThreadId, runnable: bool) {
        if !runnable {
            self.leave_slice(cpu, id);
        } else if !self.allowed(id, cpu) {
            self.enqueue(id);
        } else if self.threads[id].slice > 0 {
            self.queue(cpu, |queue, threads| queue.add_first(threads, id));
        } else {
            self.queue(cpu, |queue, threads| queue.add_after_turn(threads, id));
        }
    }

    /// The rest of the thread's slice is for the next one, if that is of its share.
    pub(crate) fn leave_slice(&mut self, cpu: CpuId, id: ThreadId) {
        let thread = &mut self.threads[id];
        if thread.context.is_some() {
            return;
        }
        let (share, left) = (thread.share, core::mem::take(&mut thread.slice));
        let next = self.cpus[usize::from(cpu.0)].queue.first(thread.priority);
        if let Some(next) = next.filter(|next| self.threads[*next].share == share) {
            let slice = &mut self.threads[next].slice;
            *slice = (*slice).max(left);
        }
    }
}
