//! Which CPU takes dead processes apart.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::ProcessId;
use crate::work::Work;

impl<M: Machine> Kernel<M> {
    /// When taking the dead apart is not urgent enough for this CPU, a halted one does it.
    #[inline(always)]
    pub(crate) fn find_reaper(&mut self) {
        if let Some(dying) = self.objects.dying.first() {
            self.give_to_halted(dying);
        }
    }

    #[cold]
    fn give_to_halted(&mut self, dying: ProcessId) {
        if self.sched.idle == 0 {
            return;
        }
        let first = self.objects.first_to_reap(dying);
        if !self.runs_somewhere(first) && !self.reap_due(self.here()) {
            let halted = self.sched.idle.trailing_zeros().to_le_bytes()[0];
            self.set_cpu_work(CpuId(u16::from(halted)), Work::Reschedule);
        }
    }

    /// Whether taking the dead apart is at least as urgent as the current thread, not put off
    /// here, and no CPU runs the dead any more: the last one that does takes over.
    #[inline(always)]
    pub(crate) fn reap_due(&self, cpu: CpuId) -> bool {
        self.objects.dying.first().is_some_and(|dying| self.is_due(dying, cpu))
    }

    #[cold]
    fn is_due(&self, dying: ProcessId, cpu: CpuId) -> bool {
        let urgency = self.objects.processes[dying].teardown.urgency;
        self.cpu(cpu).current.is_none_or(|id| self.objects.threads[id].sched.priority <= urgency)
            && !self.sched.is_postponed(cpu, Work::Reap)
            && !self.runs_somewhere(self.objects.first_to_reap(dying))
    }

    /// Whether some CPU still runs a thread of the process.
    fn runs_somewhere(&self, process: ProcessId) -> bool {
        let mut current = self.sched.cpus.iter().filter_map(|cpu| cpu.current);
        current.any(|id| self.objects.threads[id].process == process)
    }
}
