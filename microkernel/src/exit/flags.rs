//! Reads the work flags of a CPU: those that were set, and those derived from other state.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::work::Work;

impl<M: Machine> Kernel<M> {
    /// All flags that are set for this CPU and its thread at this instant.
    #[inline(always)]
    pub(crate) fn read_work(&self, cpu: CpuId) -> u32 {
        (self.sched.flags(&self.objects.threads, cpu) | self.derived(cpu)) & Self::MASK
    }

    /// The flags that are read from the state itself.
    #[inline(always)]
    fn derived(&self, cpu: CpuId) -> u32 {
        let interrupts = if self.machine.interrupt_pending() { Work::Interrupts.flag() } else { 0 };
        let reap = if self.sched.reap_due(&self.objects, cpu) { Work::Reap.flag() } else { 0 };
        interrupts | reap
    }
}
