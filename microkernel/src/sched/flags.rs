//! Work flags of CPUs and threads, and the IPIs that announce them.
//!
//! A flag is a bit in the work word of a CPU or of a thread. The exit loop of a CPU reads its own
//! word and that of its current thread. Setting a flag of a CPU that is not in the kernel sends it
//! an IPI, one for all flags of an entry; a CPU in the kernel reads its flags before it leaves.

use crate::cpu::Context;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::{Fault, Raised, ThreadId};
use crate::work::Work;
use core::sync::atomic::Ordering;

impl<M: Machine> Kernel<M> {
    /// The flags that were set for this CPU and its thread.
    #[inline(always)]
    pub(crate) fn flags(&self, cpu: CpuId) -> u32 {
        let cpu = self.cpu(cpu);
        let thread = cpu.current.map_or(0, |id| self.objects.threads[id].work.0);
        cpu.work.load(Ordering::Acquire) | thread
    }

    pub(crate) fn clear_work(&mut self, cpu: CpuId, work: Work) {
        self.cpu(cpu).work.fetch_and(!work.flag(), Ordering::AcqRel);
        if let Some(id) = self.cpu(cpu).current {
            self.objects.threads[id].work.0 &= !work.flag();
        }
    }

    /// Sets a flag of a CPU.
    pub(crate) fn set_cpu_work(&mut self, cpu: CpuId, work: Work) {
        self.cpu(cpu).work.fetch_or(work.flag(), Ordering::AcqRel);
        self.notify_cpu(cpu);
    }

    /// Sets a flag of a thread. If the thread is current on another CPU, that CPU is notified.
    pub(crate) fn set_thread_work(&mut self, id: ThreadId, work: Work) {
        self.objects.threads[id].work.0 |= work.flag();
        let cpu = self.objects.threads[id].sched.cpu;
        if self.cpu(cpu).current == Some(id) {
            self.notify_cpu(cpu);
        }
    }

    /// Makes sure that a CPU reads its flags: one outside of the kernel gets an IPI before this CPU
    /// leaves.
    fn notify_cpu(&mut self, cpu: CpuId) {
        let here = self.here();
        if cpu != here && self.cpu(cpu).context != Context::Kernel {
            let own = self.cpu_mut(here);
            own.ipis |= 1 << cpu.0;
            own.work.fetch_or(Work::WakeUps.flag(), Ordering::AcqRel);
        }
    }

    /// Notes a fault of the current thread; the exit loop delivers it. `text` is (address,
    /// length) in the thread's memory.
    pub(crate) fn raise(&mut self, id: ThreadId, fault: &Fault, text: Option<(u64, u64)>) {
        self.objects.threads[id].faults.raised = Some(Raised { fault: *fault, text });
        self.set_thread_work(id, Work::Fault);
    }
}
