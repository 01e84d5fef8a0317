//! Time accounting: what a CPU was doing, and which thread pays for it.
//!
//! Each change of context books the time since the last one to the CPU. When another thread
//! becomes current, what was booked is settled with the thread before it.

use crate::cpu::Context;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};

impl<M: Machine> Kernel<M> {
    /// Books the time since the last booking to what the CPU was doing.
    pub(crate) fn book(&mut self, cpu: CpuId, doing: Context) {
        let now = self.machine.ticks();
        self.cpu_mut(cpu).clock.book(now, doing);
    }

    /// Settles what was booked since the last settling: it was the current thread's time, and
    /// comes off its slice. To be called before another thread becomes current.
    #[inline(always)]
    pub(crate) fn settle(&mut self, cpu: CpuId) {
        let state = self.cpu_mut(cpu);
        let (user, kernel) = state.clock.take_unsettled();
        let Some(id) = state.current else { return };
        let thread = &mut self.objects.threads[id];
        self.objects.processes[thread.process].sched.book((user, kernel));
        if let Some(context) = thread.sched.context {
            self.settle_on_context(cpu, id, context, (user, kernel));
        } else if let Some((client, owed)) = thread.spend((user, kernel)) {
            self.objects.owe(id, client, owed);
        }
    }

    /// Books the time in the kernel until now; it does not come off the thread's slice. How
    /// much it was.
    pub(crate) fn book_without_slice(&mut self, cpu: CpuId) -> u64 {
        self.book(cpu, Context::Kernel);
        let state = self.cpu_mut(cpu);
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

    /// This CPU waited this time for the kernel. It is charged to no thread, since the CPU that
    /// held the kernel decides how long it is.
    pub fn waited(&mut self, cpu: CpuId, ticks: u64) {
        self.cpu_mut(cpu).clock.skip(ticks);
    }
}
