//! Shared work: what other CPUs can make without end while this one does it.
//!
//! Dead processes, passed deadlines and abandoned calls belong to the whole machine, so no CPU
//! knows when the last of them is done: makers and killers of processes on other CPUs could keep
//! one CPU in its exit loop for ever. After `Kernel::shared_iterations` turns an exit puts such
//! work off. The row's flag is then in `Cpu::postponed`, and the CPU's timer brings it back:
//! after [`PUT_OFF_NS`] when a thread runs, at once when the CPU halts. So every exit is bounded,
//! and no work is lost: a CPU outside the kernel has nothing postponed, or a timer that ends it.

use crate::cpu::Cpu;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::work::Work;
use core::sync::atomic::Ordering;

/// For how long shared work is put off on a CPU that has a thread to run.
const PUT_OFF_NS: u64 = 250_000;

impl<M: Machine> Kernel<M> {
    /// The rows whose work other CPUs can make while this one does it.
    pub const SHARED_MASK: u32 =
        Work::Deadlines.flag() | Work::Reap.flag() | Work::LostCalls.flag();

    /// Counts an iteration. An exit that has taken many does no shared work any more.
    #[inline(always)]
    pub(super) fn count_iteration(&mut self, cpu: CpuId) {
        let turns = &mut self.sched.cpu_mut(cpu).exit_iterations;
        *turns = turns.saturating_add(1);
        if *turns >= self.sched.shared_iterations {
            self.put_off_shared_work(cpu);
        }
    }

    /// Puts off the shared work that is left: this exit has done its part.
    #[cold]
    fn put_off_shared_work(&mut self, cpu: CpuId) {
        let left = self.read_work(cpu) & Self::SHARED_MASK;
        if left == 0 {
            return;
        }
        let resume_ns = self.machine.now_ns().saturating_add(PUT_OFF_NS);
        let state = self.sched.cpu_mut(cpu);
        state.work.fetch_and(!left, Ordering::AcqRel);
        state.postponed |= left;
        state.resume_ns.get_or_insert(resume_ns);
        state.set_timer_dirty();
        // A halted CPU reaps instead, if there is one.
        self.sched().find_reaper();
    }

    /// A CPU without a thread has no reason to wait: the timer wakes it at once.
    #[inline(always)]
    pub(super) fn resume_before_idle(&mut self, cpu: CpuId) {
        let state = self.sched.cpu_mut(cpu);
        if state.postponed != 0 && state.current.is_none() {
            state.resume_ns = Some(self.machine.now_ns());
            state.set_timer_dirty();
        }
    }
}

impl Cpu {
    /// From the timer interrupt: shared work goes on when its time has come.
    pub(super) fn resume_shared_work(&mut self, now_ns: u64) {
        if self.resume_ns.is_some_and(|at| at <= now_ns) {
            self.resume_ns = None;
            // Reaping is a level: its flag follows from the list of the dying.
            let flags = core::mem::take(&mut self.postponed) & !Work::Reap.flag();
            self.work.fetch_or(flags, Ordering::AcqRel);
        }
    }
}
