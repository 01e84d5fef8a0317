//! The switch: the only code that makes another thread current.
//!
//! ```text
//! verb ──▶ NextThread ──▶ switch ──▶ switch_to_or_wake   To: the caller blocked for this thread
//!                                ├─▶ wake_and_preempt    Woken: the caller goes on, or is preempted
//!                                └─▶ pick                Blocked, Other: the run queue decides
//! ```
//! A verb changes objects and returns a [`NextThread`]; the code that called the verb carries it out
//! here, when nothing of the verb is left to do. [`make_current`] is the last step of each switch,
//! also of the fast path's.
//!
//! Order: the time until now is charged to the old thread before another one is current. What an
//! entry costs from then on is the new thread's, on whose behalf the kernel goes on.

use super::Sched;
use super::decide::{may_run, takes_over};
use crate::cpu::{Cpu, Scheduler};
use crate::machine::{CpuId, Machine};
use crate::object::{Objects, State, Thread, ThreadId, Threads};

/// Which thread runs after a verb.
#[must_use = "a decision that is not carried out loses a thread"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextThread {
    /// The current thread goes on.
    Same,
    /// The current thread blocked: the scheduler picks.
    Blocked,
    /// Another thread may go before the current one, whose time is settled: the scheduler picks.
    Other,
    /// The current thread blocked, and this thread, ready and in no queue, answers it or has its
    /// answer. On a donation it also runs before others of its priority.
    To { thread: ThreadId, donation_returns: bool },
    /// The current thread goes on and made this one ready, which is in no queue.
    Woken(ThreadId),
}

/// Makes a thread current on this CPU, with what is left of its slice or a new one. The thread
/// that was current is charged already, and is in a list of its own or blocked.
#[inline(always)]
pub(crate) fn make_current<F>(cpu: &mut Cpu, slice: u64, (id, thread): (ThreadId, &mut Thread<F>)) {
    thread.sched.begin_slice(slice);
    cpu.current = Some(id);
    cpu.switches = cpu.switches.wrapping_add(1);
}

impl<M: Machine> Sched<'_, M> {
    /// Carries out what a verb of the current thread decided.
    #[inline(always)]
    pub(crate) fn switch(&mut self, cpu: CpuId, next: NextThread) {
        match next {
            NextThread::Same => {}
            NextThread::Blocked => self.pick(cpu),
            NextThread::Other => {
                if !self.swap_with_sole_peer(cpu) {
                    self.rare().pick_from_queue(cpu);
                }
            }
            NextThread::To { thread, donation_returns } => {
                self.switch_to_or_wake(cpu, thread, donation_returns);
            }
            NextThread::Woken(thread) => match self.sched.cpu(cpu).current {
                Some(current) => self.wake_and_preempt(current, thread),
                None => self.rare().enqueue(thread),
            },
        }
    }

    /// The same, where `me` is known to be current.
    #[inline(always)]
    pub(crate) fn switch_from(&mut self, me: ThreadId, next: NextThread) {
        match next {
            NextThread::Woken(thread) => self.wake_and_preempt(me, thread),
            next => self.switch(self.machine.this_cpu(), next),
        }
    }

    /// Switches to `other` if the current thread blocked and nothing of higher priority is ready,
    /// past the run queue and on this CPU wherever `other` was before; else wakes it. On donated
    /// time, lent to it or returned, it also goes before others of its priority: the turn goes on.
    #[inline(always)]
    fn switch_to_or_wake(&mut self, cpu: CpuId, other: ThreadId, donation_returns: bool) {
        let blocked = self
            .sched
            .cpu(cpu)
            .current
            .filter(|me| self.objects.threads[*me].state != State::Ready);
        // The budget of a new period may have put it into a queue already, on any CPU.
        let has_time =
            self.objects.threads[other].sched.context.is_none() || self.rare().renew_budget(other);
        let thread = &self.objects.threads[other];
        let ready = has_time && thread.state == State::Ready && !thread.sched.queued;
        match blocked {
            Some(me)
                if ready
                    && self.sched.goes_first(self.objects, cpu, (me, other), donation_returns) =>
            {
                self.settle(cpu);
                if self.sched.cpu(cpu).queue.has(self.objects.threads[me].sched.priority) {
                    self.sched.leave_slice(&mut self.objects.threads, cpu, me);
                }
                self.objects.threads[other].sched.cpu = cpu;
                self.sched.install(&mut self.objects.threads, cpu, other);
                self.sched.update_slice_timer(&self.objects.threads, cpu);
            }
            _ => self.rare().wake_and_pick(cpu, other),
        }
    }

    /// The current thread `me` goes on and made `other` ready: one of higher priority preempts it
    /// at once, any other one waits for its turn.
    #[inline(always)]
    fn wake_and_preempt(&mut self, me: ThreadId, other: ThreadId) {
        let (from, to) = self.objects.threads.pair_mut(me, other);
        let cpu = from.sched.cpu;
        let state = &mut self.sched.cpus[usize::from(cpu.0)];
        let simple = !(from.sched.timed | to.sched.timed | to.sched.queued)
            && to.sched.allows(cpu)
            && may_run(to, &self.objects.processes[to.process]);
        if !(simple
            && to.sched.priority > from.sched.priority
            && state.queue.all_below(to.sched.priority))
        {
            // No halted CPU is there for it, and the turn of `me` is not over.
            let stays = to.sched.cpu == cpu
                && self.sched.idle & to.sched.affinity == 0
                && from.sched.slice > 0;
            let waits = simple && stays && to.sched.priority <= from.sched.priority;
            if !(waits && state.queue.add_alone(other, to)) {
                return self.rare().enqueue(other);
            }
            to.sched.slice = 0;
            if to.sched.priority == from.sched.priority {
                self.sched.update_slice_timer(&self.objects.threads, cpu);
            }
            return;
        }
        let time = state.clock.take_unsettled();
        let debt = from.spend(time);
        let process = &mut self.objects.processes[from.process];
        process.sched.book(time);
        let runnable = may_run(from, process);
        to.sched.cpu = cpu;
        // No thread of its priority waits, so no timer has to end its slice.
        make_current(state, self.sched.slice, (other, to));
        let goes_on = runnable && from.sched.allows(cpu);
        if !(goes_on && state.queue.add_alone(me, from)) {
            self.rare().requeue(cpu, me, runnable);
        }
        if let Some((client, owed)) = debt {
            self.objects.owe(me, client, owed);
        }
    }

    /// Wakes `other`. If the current thread blocked, the scheduler picks.
    #[inline(never)]
    fn wake_and_pick(&mut self, cpu: CpuId, other: ThreadId) {
        self.enqueue(other);
        let current = self.sched.cpu(cpu).current;
        if current.is_some_and(|me| self.objects.threads[me].state != State::Ready) {
            self.pick(cpu);
        }
    }

    /// The current thread blocked: the first thread of the run queue is current.
    #[inline(always)]
    fn pick(&mut self, cpu: CpuId) {
        if !self.switch_to_sole_ready(cpu) {
            self.rare().settle_and_pick(cpu);
        }
    }

    #[inline(never)]
    fn settle_and_pick(&mut self, cpu: CpuId) {
        self.settle(cpu);
        self.pick_from_queue(cpu);
    }

    /// If the current thread blocked, and one ready thread is alone at the highest priority: it is
    /// next, as [`Sched::take_next`] would find. False when it is not so simple.
    #[inline(always)]
    fn switch_to_sole_ready(&mut self, cpu: CpuId) -> bool {
        let state = &mut self.sched.cpus[usize::from(cpu.0)];
        let (Some(me), Some(next)) = (state.current, state.queue.most_urgent_one()) else {
            return false;
        };
        let (from, to) = self.objects.threads.pair_mut(me, next);
        // A turn that no other thread waits for is not skipped, whatever is owed.
        let blocked = from.state != State::Ready && from.sched.context.is_none();
        if !blocked || !may_run(to, &self.objects.processes[to.process]) {
            return false;
        }
        let time = state.clock.take_unsettled();
        let debt = from.spend(time);
        self.objects.processes[from.process].sched.book(time);
        state.queue.take_alone(to);
        let left = core::mem::take(&mut from.sched.slice);
        if (to.sched.share, to.sched.priority) == (from.sched.share, from.sched.priority) {
            to.sched.slice = to.sched.slice.max(left);
        }
        // No other thread of its priority waits, so no timer has to end its slice.
        make_current(state, self.sched.slice, (next, to));
        if let Some((client, owed)) = debt {
            self.objects.owe(me, client, owed);
        }
        self.find_reaper();
        true
    }

    /// The current thread's time is settled: it stays, or the next thread of the queue is current.
    fn pick_from_queue(&mut self, cpu: CpuId) {
        let current = self.sched.cpu(cpu).current;
        if let Some(id) = current {
            let runnable = self.objects.runnable(id);
            if runnable && self.should_keep_running(cpu, id) {
                return self.sched.update_slice_timer(&self.objects.threads, cpu);
            }
            self.sched.cpu_mut(cpu).current = None;
            self.requeue(cpu, id, runnable);
        }
        let next = self.take_next(cpu).or_else(|| self.pull(cpu));
        if let Some(next) = next {
            self.sched.install(&mut self.objects.threads, cpu, next);
        }
        if self.sched.cpus.len() > 1 && next != current {
            self.find_place(current);
        }
        self.sched.update_slice_timer(&self.objects.threads, cpu);
        self.find_reaper();
    }

    /// If the current thread's turn is over, and one other thread takes turns with it: that is
    /// next, as [`Sched::take_next`] would find. False when it is not so simple.
    #[inline(always)]
    fn swap_with_sole_peer(&mut self, cpu: CpuId) -> bool {
        let state = &mut self.sched.cpus[usize::from(cpu.0)];
        let (Some(me), Some(next)) = (state.current, state.queue.most_urgent_one()) else {
            return false;
        };
        let (from, to) = self.objects.threads.pair_mut(me, next);
        let turns = from.sched.slice == 0 && from.sched.priority == to.sched.priority;
        if !turns
            || from.sched.timed | to.sched.timed
            || !from.sched.allows(cpu)
            || from.state != State::Ready
        {
            return false;
        }
        let process = &self.objects.processes[to.process];
        let in_debt = to.sched.debt
            | self.objects.processes.get(to.sched.share).map_or(0, |share| share.sched.debt)
            != 0;
        if in_debt || !may_run(to, process) || !may_run(from, &self.objects.processes[from.process])
        {
            return false;
        }
        state.queue.take_alone(to);
        let _alone = state.queue.add_alone(me, from);
        make_current(state, self.sched.slice, (next, to));
        self.sched.update_slice_timer(&self.objects.threads, cpu);
        self.find_reaper();
        true
    }
}

impl Scheduler {
    /// Whether `id` would be picked next here, or may go on with donated time.
    fn goes_first<M: Machine>(
        &self,
        objects: &Objects<M>,
        cpu: CpuId,
        (me, id): (ThreadId, ThreadId),
        donation_returns: bool,
    ) -> bool {
        let thread = &objects.threads[id];
        let process = &objects.processes[thread.process];
        let first = takes_over(self.cpu(cpu), thread, process)
            && objects.threads[id].sched.allows(cpu)
            || ((donation_returns || thread.sched.donor == Some(me))
                && self.continues_turn(objects, cpu, id));
        first && thread.has_time() && !self.on_cpu(&objects.threads, id)
    }

    /// Whether the thread may go on here with a turn that others of its priority wait for.
    fn continues_turn<M: Machine>(&self, objects: &Objects<M>, cpu: CpuId, id: ThreadId) -> bool {
        let highest = self.cpu(cpu).queue.highest();
        let first = highest.is_none_or(|highest| highest <= objects.threads[id].sched.priority);
        first && objects.threads[id].sched.allows(cpu) && objects.runnable(id)
    }

    /// [`make_current`], where no object is borrowed.
    fn install<F>(&mut self, threads: &mut Threads<F>, cpu: CpuId, id: ThreadId) {
        let state = &mut self.cpus[usize::from(cpu.0)];
        make_current(state, self.slice, (id, &mut threads[id]));
    }
}
