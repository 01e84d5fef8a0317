//! Time accounting: what a CPU was doing, and which thread pays for it.
//!
//! Each change of context books the time since the last one to the CPU. When another thread
//! becomes current, what was booked is settled with the thread before it.

use super::Sched;
use crate::cpu::Context;
use crate::machine::{CpuId, Machine};
use crate::object::ThreadId;

impl<M: Machine> Sched<'_, M> {
    /// Books the time since the last booking to what the CPU was doing.
    #[inline(always)]
    pub(crate) fn book(&mut self, cpu: CpuId, doing: Context) {
        let now = self.machine.ticks();
        self.sched.cpu_mut(cpu).clock.book(now, doing);
    }

    /// Settles what was booked since the last settling: it was the current thread's time, and
    /// comes off its slice. To be called before another thread becomes current.
    #[inline(always)]
    pub(crate) fn settle(&mut self, cpu: CpuId) {
        let state = self.sched.cpu_mut(cpu);
        let (user, kernel) = state.clock.take_unsettled();
        let Some(id) = state.current else { return };
        let thread = &mut self.objects.threads[id];
        self.objects.processes[thread.process].sched.book((user, kernel));
        if let Some(context) = thread.sched.context {
            self.rare().settle_on_context(cpu, id, context, (user, kernel));
        } else if let Some((client, owed)) = thread.spend((user, kernel)) {
            self.objects.owe(id, client, owed);
        }
    }

    /// Settles what was booked on the CPU that runs the thread, if one does.
    #[inline(always)]
    pub(crate) fn settle_thread(&mut self, id: ThreadId) {
        if self.sched.on_cpu(&self.objects.threads, id) {
            self.settle(self.objects.threads[id].sched.cpu);
        }
    }

    /// Settles what was booked on all CPUs.
    pub(crate) fn settle_all(&mut self) {
        for cpu in self.sched.cpu_ids() {
            self.settle(cpu);
        }
    }

    /// Books the time in the kernel until now; it does not come off the thread's slice. How
    /// much it was.
    pub(crate) fn book_without_slice(&mut self, cpu: CpuId) -> u64 {
        self.book(cpu, Context::Kernel);
        let state = self.sched.cpu_mut(cpu);
        let (user, kernel) = state.clock.take_unsettled();
        if let Some(id) = state.current {
            self.objects.processes[self.objects.threads[id].process].sched.book((0, kernel));
        }
        user.wrapping_add(kernel)
    }

    /// Books the time until now and settles it.
    pub(crate) fn account(&mut self, cpu: CpuId, doing: Context) {
        self.book(cpu, doing);
        self.settle(cpu);
    }
}
