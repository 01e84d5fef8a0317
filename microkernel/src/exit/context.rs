//! Context state: what each CPU is doing, asserted on every way in and out.
//!
//! No previous state is saved: entering asserts USER (or IDLE) and sets KERNEL, leaving
//! asserts KERNEL. The same edges feed the time accounting of the scheduler.

use crate::checks::Place;
use crate::cpu::Context;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::ThreadId;

impl<M: Machine> Kernel<M> {
    /// First thing after an entry from user mode: the thread that comes.
    #[inline(always)]
    pub fn enter(&mut self, cpu: CpuId) -> Option<ThreadId> {
        self.check_interrupts(Place::Enter);
        let current = self.change_context(cpu, Context::User, Context::Kernel);
        self.check_enters(cpu);
        current
    }

    /// First thing after a halt.
    pub fn wake(&mut self, cpu: CpuId) {
        self.check_interrupts(Place::Enter);
        self.change_context(cpu, Context::Idle, Context::Kernel);
        self.check_enters(cpu);
    }

    /// Changes what a CPU does; one mask has the halted CPUs, for the search of a CPU without work.
    /// Returns the current thread.
    #[inline(always)]
    pub(super) fn change_context(
        &mut self,
        cpu: CpuId,
        from: Context,
        to: Context,
    ) -> Option<ThreadId> {
        if to == Context::Idle {
            self.sched.idle |= 1 << cpu.0;
        } else if from == Context::Idle {
            self.sched.idle &= !(1 << cpu.0);
        }
        let now = self.machine.ticks();
        let state = self.sched.cpu_mut(cpu);
        state.change(now, from, to);
        state.current
    }
}
