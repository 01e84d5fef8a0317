//! The CPU's timer: set to the next deadline, or to the end of a slice or budget.
//!
//! Whatever changes one of those marks the timer as stale; it is computed on the way out, and
//! only then.

use super::Sched;
use crate::cpu::{Context, Scheduler};
use crate::machine::{CpuId, Machine};
use crate::object::{ThreadId, Threads};
use crate::time::thread_key;
use crate::work::{TIMER_DIRTY, Work};
use abi::FOREVER;
use core::sync::atomic::Ordering;

impl<M: Machine> Sched<'_, M> {
    /// Sets the deadline timer if something changed that it depends on.
    #[inline(always)]
    pub(crate) fn program_timer(&mut self, cpu: CpuId) {
        if self.sched.cpu(cpu).work.load(Ordering::Relaxed) & TIMER_DIRTY != 0 {
            self.rare().set_next_timer(cpu);
        }
    }

    /// Sets the deadline timer to what comes first: a deadline, unless another CPU keeps it
    /// already, or the end of the budget, or of the slice when others of the same priority
    /// wait, or the moment when shared work goes on. Nothing of the kind: no timer interrupt.
    #[inline(never)]
    fn set_next_timer(&mut self, cpu: CpuId) {
        let slice_end = self.slice_end_ns(cpu);
        let mut deadline =
            self.sched.deadlines.next_ns().filter(|next| !self.sched.kept_elsewhere(cpu, *next));
        if deadline.is_some() {
            self.sched.keeper = cpu;
        }
        let state = self.sched.cpu_mut(cpu);
        state.work.fetch_and(!TIMER_DIRTY, Ordering::Relaxed);
        if deadline.is_some() && state.postponed & Work::Deadlines.flag() != 0 {
            deadline = deadline.max(state.resume_ns);
        }
        let wanted = [deadline, slice_end, state.resume_ns].into_iter().flatten().min();
        if wanted != state.timer_ns {
            state.timer_ns = wanted;
            self.machine.set_timer(wanted);
        }
    }

    /// When the current thread's budget or slice ends, if that matters to anybody.
    #[inline(always)]
    fn slice_end_ns(&mut self, cpu: CpuId) -> Option<u64> {
        let now = self.machine.ticks();
        let state = self.sched.cpu_mut(cpu);
        state.clock.book(now, Context::Kernel);
        state.slice_end = None;
        let current = state.current;
        if let Some(context) = current.and_then(|id| self.objects.threads[id].sched.context) {
            return self.budget_end_ns(cpu, context);
        }
        self.settle(cpu);
        let state = self.sched.cpu_mut(cpu);
        let sched = &self.objects.threads[current?].sched;
        if !state.queue.has(sched.priority) {
            return None;
        }
        state.slice_end = Some(state.clock.since.wrapping_add(sched.slice));
        let left_ns = self.machine.ns_of(sched.slice).max(1);
        Some(self.machine.now_ns().saturating_add(left_ns))
    }

    /// The timer may have fired for the end of a slice or budget, in the middle of an exit: then
    /// the time is not booked yet, and a timer that is set for what is past would only fire again.
    pub(crate) fn end_slice(&mut self, cpu: CpuId) {
        let state = self.sched.cpu(cpu);
        let Some(id) = state.current else { return };
        let sched = &self.objects.threads[id].sched;
        if sched.context.is_some() {
            self.account(cpu, Context::Kernel);
        } else if state.queue.has(sched.priority) {
            self.account(cpu, Context::Kernel);
            if self.objects.threads[id].sched.slice == 0 {
                self.set_cpu_work(cpu, Work::Reschedule);
            }
        }
    }

    /// Sets a deadline, of a thread, a timer or a context.
    #[inline(always)]
    pub(crate) fn put_deadline(&mut self, key: usize, deadline_ns: u64) {
        self.sched.cpu(self.machine.this_cpu()).set_timer_dirty();
        self.sched.deadlines.set(key, deadline_ns);
    }

    /// Takes a deadline away, if there is one.
    #[inline(always)]
    pub(crate) fn cancel_deadline(&mut self, key: usize) {
        if self.sched.deadlines.has(key) {
            self.sched.cpu(self.machine.this_cpu()).set_timer_dirty();
            self.sched.deadlines.cancel(key);
        }
    }

    /// Sets a waiting thread's deadline.
    #[inline(always)]
    pub(crate) fn set_deadline(&mut self, id: ThreadId, deadline_ns: u64) {
        if deadline_ns != FOREVER {
            self.put_deadline(thread_key(id), deadline_ns);
        }
    }
}

impl Scheduler {
    /// The timer is to end a slice while others of the current thread's priority wait. It may
    /// be early, or not be wanted any more when it fires: to set it costs more than that.
    pub(super) fn update_slice_timer<F>(&self, threads: &Threads<F>, cpu: CpuId) {
        let state = self.cpu(cpu);
        if state.current.is_some_and(|id| threads[id].sched.context.is_some()) {
            // The end of a budget is not to be late.
            return state.set_timer_dirty();
        }
        let wanted = state.current.and_then(|id| {
            let thread = &threads[id];
            state
                .queue
                .has(thread.sched.priority)
                .then(|| state.clock.since.wrapping_add(thread.sched.slice))
        });
        let kept = match (state.slice_end, wanted) {
            (None, wanted) => wanted.is_none(),
            (Some(set), Some(wanted)) => set <= wanted,
            (Some(_), None) => state.current.is_some(),
        };
        if !kept {
            state.set_timer_dirty();
        }
    }

    /// Whether another CPU's timer fires in time for this deadline.
    fn kept_elsewhere(&self, cpu: CpuId, deadline_ns: u64) -> bool {
        self.keeper != cpu
            && self.cpu(self.keeper).timer_ns.is_some_and(|timer_ns| timer_ns <= deadline_ns)
    }

    /// Whether this row's work is put off on this CPU.
    pub(crate) fn is_postponed(&self, cpu: CpuId, work: Work) -> bool {
        self.cpu(cpu).postponed & work.flag() != 0
    }
}
