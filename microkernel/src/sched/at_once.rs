//! Who runs at once, in another thread's place, past queue and loop.

use super::decide::{allows, may_run, takes_over};
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::{State, ThreadId};

impl<M: Machine> Kernel<M> {
    /// `me` made another thread ready, and perhaps waits itself now: when it does and
    /// nobody more urgent is ready, the other one runs at once, past queue and loop, on
    /// this CPU wherever it was before. With `me`'s time, lent or given back, it does also when
    /// others are as urgent: it goes on with the turn.
    #[inline(always)]
    pub(crate) fn hand_over(&mut self, me: ThreadId, other: ThreadId, gives_back: bool) {
        let cpu = self.threads[me].cpu;
        let waits = self.threads[me].state != State::Ready && self.cpu(cpu).current == Some(me);
        // The budget of a new period may have put it into a queue already, on any CPU.
        let has_time = self.threads[other].context.is_none() || self.renew_budget(other);
        let thread = &self.threads[other];
        let ready = has_time && thread.state == State::Ready && !thread.queued;
        if waits && ready && self.runs_at_once(cpu, me, other, gives_back) {
            self.settle(cpu);
            self.switch(cpu, me, other);
            self.look_at_slice_timer(cpu);
        } else {
            self.enqueue(other);
            self.give_way(me);
        }
    }

    /// `me` goes on, and made another thread ready: a more urgent one runs at once, past
    /// the loop, and one that is not waits for its turn.
    #[inline(always)]
    pub(crate) fn let_run(&mut self, me: ThreadId, other: ThreadId) {
        let (from, to) = self.threads.pair_mut(me, other);
        let cpu = from.cpu;
        let state = &mut self.cpus[usize::from(cpu.0)];
        let simple = state.current == Some(me)
            && !(from.timed | to.timed | to.queued)
            && allows(to, cpu)
            && may_run(to, &self.processes[to.process]);
        if !(simple && to.priority > from.priority && state.queue.all_below(to.priority)) {
            // No halted CPU is there for it, and the turn of `me` is not over.
            let stays = to.cpu == cpu && self.idle & to.affinity == 0 && from.slice > 0;
            let waits = simple && stays && to.priority <= from.priority;
            if !(waits && state.queue.add_alone(other, to)) {
                return self.enqueue(other);
            }
            to.slice = 0;
            if to.priority == from.priority {
                self.look_at_slice_timer(cpu);
            }
            return;
        }
        let time = state.clock.take_unsettled();
        let debt = from.spend(time);
        self.processes[from.process].book(time);
        to.cpu = cpu;
        to.begin_slice(self.slice);
        // Nobody of its priority waits, so no timer is to end its slice.
        state.current = Some(other);
        self.stats.switches = self.stats.switches.wrapping_add(1);
        let runnable = may_run(from, &self.processes[from.process]);
        let goes_on = runnable && allows(from, cpu);
        if !(goes_on && state.queue.add_alone(me, from)) {
            self.set_aside(cpu, me, runnable);
        }
        if let Some((client, owed)) = debt {
            self.owe(me, client, owed);
        }
    }

    fn runs_at_once(&self, cpu: CpuId, me: ThreadId, id: ThreadId, gives_back: bool) -> bool {
        let thread = &self.threads[id];
        let process = &self.processes[thread.process];
        let first = takes_over(self.cpu(cpu), thread, process) && self.allowed(id, cpu)
            || ((gives_back || thread.donor == Some(me)) && self.goes_on(cpu, id));
        first && thread.has_time() && !self.on_cpu(id)
    }

    /// Whether the thread may go on here with a turn that others of its priority wait for.
    fn goes_on(&self, cpu: CpuId, id: ThreadId) -> bool {
        let urgent = self.cpu(cpu).queue.highest();
        let first = urgent.is_none_or(|urgent| urgent <= self.threads[id].priority);
        first && self.allowed(id, cpu) && self.runnable(id)
    }

    /// The current thread waits now; the other one, ready and in no queue, runs in its place.
    /// What this entry cost from here on is the other one's, on whose behalf it goes on.
    #[inline(always)]
    pub(crate) fn switch(&mut self, cpu: CpuId, me: ThreadId, other: ThreadId) {
        if self.cpu(cpu).queue.has(self.threads[me].priority) {
            self.leave_slice(cpu, me);
        }
        self.make_current(cpu, other);
    }

    #[inline(always)]
    fn make_current(&mut self, cpu: CpuId, other: ThreadId) {
        let slice = self.slice;
        let thread = &mut self.threads[other];
        thread.cpu = cpu;
        thread.begin_slice(slice);
        self.cpu_mut(cpu).current = Some(other);
        self.stats.switches = self.stats.switches.wrapping_add(1);
    }
}
