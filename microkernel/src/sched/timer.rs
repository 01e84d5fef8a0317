//! The CPU's timer: set to the next deadline, or to the end of a slice or budget.
//!
//! Whatever changes one of those marks the timer as stale; it is computed on the way out, and
//! only then.

use crate::cpu::{Context, Scheduler};
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::ThreadId;
use crate::time::thread_key;
use crate::work::{TIMER_DIRTY, Work};
use abi::FOREVER;
use core::sync::atomic::Ordering;

impl<M: Machine> Kernel<M> {
    /// The timer is to end a slice while others of the current thread's priority wait. It may
    /// be early, or not be wanted any more when it fires: to set it costs more than that.
    pub(super) fn update_slice_timer(&mut self, cpu: CpuId) {
        let state = self.cpu(cpu);
        if state.current.is_some_and(|id| self.objects.threads[id].sched.context.is_some()) {
            // The end of a budget is not to be late.
            return self.sched.set_timer_dirty(cpu);
        }
        let wanted = state.current.and_then(|id| {
            let thread = &self.objects.threads[id];
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
            self.sched.set_timer_dirty(cpu);
        }
    }

    /// Sets the deadline timer if something changed that it depends on.
    #[inline(always)]
    pub(crate) fn program_timer(&mut self, cpu: CpuId) {
        if self.sched.timer_dirty(cpu) {
            self.set_next_timer(cpu);
        }
    }

    /// Sets the deadline timer to what comes first: a deadline, unless another CPU keeps it
    /// already, or the end of the budget, or of the slice when others of the same priority
    /// wait, or the moment when shared work goes on. Nothing of the kind: no timer interrupt.
    #[inline(never)]
    fn set_next_timer(&mut self, cpu: CpuId) {
        self.cpu(cpu).work.fetch_and(!TIMER_DIRTY, Ordering::Relaxed);
        let slice_end = self.slice_end_ns(cpu);
        let resume = self.cpu(cpu).resume_ns;
        let mut deadline =
            self.sched.deadlines.next_ns().filter(|next| !self.sched.kept_elsewhere(cpu, *next));
        if deadline.is_some() {
            self.sched.keeper = cpu;
            if self.sched.is_postponed(cpu, Work::Deadlines) {
                deadline = deadline.max(resume);
            }
        }
        let wanted = [deadline, slice_end, resume].into_iter().flatten().min();
        if wanted != self.cpu(cpu).timer_ns {
            self.cpu_mut(cpu).timer_ns = wanted;
            self.machine.set_timer(wanted);
        }
    }

    /// When the current thread's budget or slice ends, if that matters to anybody.
    #[inline(always)]
    fn slice_end_ns(&mut self, cpu: CpuId) -> Option<u64> {
        self.book(cpu, Context::Kernel);
        let current = self.cpu(cpu).current;
        if let Some(context) = current.and_then(|id| self.objects.threads[id].sched.context) {
            self.cpu_mut(cpu).slice_end = None;
            return self.budget_end_ns(cpu, context);
        }
        self.settle(cpu);
        let state = self.cpu(cpu);
        let slice = current.and_then(|id| {
            let thread = &self.objects.threads[id];
            state.queue.has(thread.sched.priority).then_some(thread.sched.slice)
        });
        let since = state.clock.since;
        self.cpu_mut(cpu).slice_end = slice.map(|slice| since.wrapping_add(slice));
        slice.map(|slice| self.machine.now_ns().saturating_add(self.machine.ns_of(slice).max(1)))
    }

    /// Sets a deadline, of a thread, a timer or a context.
    pub(crate) fn put_deadline(&mut self, key: usize, deadline_ns: u64) {
        self.sched.set_timer_dirty(self.here());
        self.sched.deadlines.set(key, deadline_ns);
    }

    /// Takes a deadline away, if there is one.
    pub(crate) fn cancel_deadline(&mut self, key: usize) {
        if self.sched.deadlines.has(key) {
            self.sched.set_timer_dirty(self.here());
            self.sched.deadlines.cancel(key);
        }
    }

    /// Takes out the next deadline that has passed.
    pub(crate) fn next_deadline(&mut self, now_ns: u64) -> Option<usize> {
        let key = self.sched.deadlines.pop_due(now_ns)?;
        self.sched.set_timer_dirty(self.here());
        Some(key)
    }

    /// Sets a waiting thread's deadline.
    pub(crate) fn set_deadline(&mut self, id: ThreadId, deadline_ns: u64) {
        if deadline_ns != FOREVER {
            self.put_deadline(thread_key(id), deadline_ns);
        }
    }
}

impl Scheduler {
    /// The CPU's timer may have to be set anew before it leaves.
    pub(crate) fn set_timer_dirty(&mut self, cpu: CpuId) {
        self.cpu(cpu).work.fetch_or(TIMER_DIRTY, Ordering::Relaxed);
    }

    /// Whether something changed that the CPU's timer depends on.
    #[inline(always)]
    pub(crate) fn timer_dirty(&self, cpu: CpuId) -> bool {
        self.cpu(cpu).work.load(Ordering::Relaxed) & TIMER_DIRTY != 0
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
