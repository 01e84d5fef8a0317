//! Work flags of CPUs and threads, and the IPIs that announce them.
//!
//! A flag is a bit in the work word of a CPU or of a thread. The exit loop of a CPU reads its own
//! word and that of its current thread. Setting a flag of a CPU that is not in the kernel sends it
//! an IPI, one for all flags of an entry; a CPU in the kernel reads its flags before it leaves.

use super::Sched;
use crate::cpu::{Context, Scheduler};
use crate::machine::{CpuId, Machine};
use crate::object::{Fault, Raised, ThreadId, Threads};
use crate::work::Work;
use core::sync::atomic::Ordering;

impl<M: Machine> Sched<'_, M> {
    /// Sets a flag of a CPU.
    #[inline(always)]
    pub(crate) fn set_cpu_work(&mut self, cpu: CpuId, work: Work) {
        self.sched.cpu(cpu).work.fetch_or(work.flag(), Ordering::AcqRel);
        self.sched.notify(self.machine.this_cpu(), cpu);
    }

    /// Sets a flag of the CPU that this code runs on.
    #[inline(always)]
    pub(crate) fn set_work_here(&mut self, work: Work) {
        self.set_cpu_work(self.machine.this_cpu(), work);
    }

    /// Sets a flag of a thread. If the thread is current on another CPU, that CPU is notified.
    #[inline(always)]
    pub(crate) fn set_thread_work(&mut self, id: ThreadId, work: Work) {
        self.objects.threads[id].work.0 |= work.flag();
        let cpu = self.objects.threads[id].sched.cpu;
        if self.sched.cpu(cpu).current == Some(id) {
            self.sched.notify(self.machine.this_cpu(), cpu);
        }
    }

    /// Notes a fault of the current thread; the exit loop delivers it. `text` is (address,
    /// length) in the thread's memory.
    pub(crate) fn raise(&mut self, id: ThreadId, fault: &Fault, text: Option<(u64, u64)>) {
        self.objects.threads[id].faults.raised = Some(Raised { fault: *fault, text });
        self.set_thread_work(id, Work::Fault);
    }
}

impl Scheduler {
    /// Clears a flag of this CPU and its thread.
    pub(crate) fn clear_work<F>(&self, threads: &mut Threads<F>, cpu: CpuId, work: Work) {
        let cpu = self.cpu(cpu);
        cpu.work.fetch_and(!work.flag(), Ordering::AcqRel);
        if let Some(id) = cpu.current {
            threads[id].work.0 &= !work.flag();
        }
    }

    /// The flags that were set for this CPU and its thread.
    #[inline(always)]
    pub(crate) fn flags<F>(&self, threads: &Threads<F>, cpu: CpuId) -> u32 {
        let cpu = self.cpu(cpu);
        let thread = cpu.current.map_or(0, |id| threads[id].work.0);
        cpu.work.load(Ordering::Acquire) | thread
    }

    /// Makes sure that a CPU reads its flags: one outside of the kernel gets an IPI before this CPU
    /// leaves.
    fn notify(&mut self, here: CpuId, cpu: CpuId) {
        if cpu != here && self.cpu(cpu).context != Context::Kernel {
            let own = self.cpu_mut(here);
            own.ipis |= 1 << cpu.0;
            own.work.fetch_or(Work::WakeUps.flag(), Ordering::AcqRel);
        }
    }
}
