//! Which CPU takes dead processes apart.

use super::Sched;
use crate::cpu::Scheduler;
use crate::machine::{CpuId, Machine};
use crate::object::{Objects, ProcessId, Threads};
use crate::work::Work;

impl<M: Machine> Sched<'_, M> {
    /// When taking the dead apart is not urgent enough for this CPU, a halted one does it.
    #[inline(always)]
    pub(crate) fn find_reaper(&mut self) {
        if let Some(dying) = self.objects.dying.first() {
            self.rare().give_to_halted(dying);
        }
    }

    #[cold]
    fn give_to_halted(&mut self, dying: ProcessId) {
        if self.sched.idle == 0 {
            return;
        }
        let first = self.objects.first_to_reap(dying);
        if !self.sched.runs_somewhere(&self.objects.threads, first)
            && !self.sched.reap_due(self.objects, self.machine.this_cpu())
        {
            let halted = self.sched.idle.trailing_zeros().to_le_bytes()[0];
            self.set_cpu_work(CpuId(u16::from(halted)), Work::Reschedule);
        }
    }
}

impl Scheduler {
    /// Whether taking the dead apart is at least as urgent as the current thread, not put off
    /// here, and no CPU runs the dead any more: the last one that does takes over.
    #[inline(always)]
    pub(crate) fn reap_due<M: Machine>(&self, objects: &Objects<M>, cpu: CpuId) -> bool {
        objects.dying.first().is_some_and(|dying| self.is_due(objects, dying, cpu))
    }

    #[cold]
    fn is_due<M: Machine>(&self, objects: &Objects<M>, dying: ProcessId, cpu: CpuId) -> bool {
        let urgency = objects.processes[dying].teardown.urgency;
        self.cpu(cpu).current.is_none_or(|id| objects.threads[id].sched.priority <= urgency)
            && !self.is_postponed(cpu, Work::Reap)
            && !self.runs_somewhere(&objects.threads, objects.first_to_reap(dying))
    }

    /// Whether some CPU still runs a thread of the process.
    fn runs_somewhere<F>(&self, threads: &Threads<F>, process: ProcessId) -> bool {
        let mut current = self.cpus.iter().filter_map(|cpu| cpu.current);
        current.any(|id| threads[id].process == process)
    }
}
