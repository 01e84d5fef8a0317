//! The scheduler: the CPUs with their run queues, and the deadlines.

use super::Cpu;
use crate::arena::Fixed;
use crate::machine::CpuId;
use crate::time::Deadlines;

/// How long a thread, or threads of one share, run before others of their priority do.
pub(crate) const SLICE_NS: u64 = 10_000_000;
/// Iterations of one exit that do shared work.
pub(crate) const SHARED_ITERATIONS: u32 = 256;

/// The CPUs, the deadlines, and what decides when each CPU's timer fires.
pub(crate) struct Scheduler {
    pub(crate) cpus: Fixed<Cpu>,
    pub(crate) deadlines: Deadlines,
    /// The length of a time slice, in [`Machine::ticks`].
    ///
    /// [`Machine::ticks`]: crate::Machine::ticks
    pub(crate) slice: u64,
    /// The passes of one exit that do shared work: `SHARED_ITERATIONS`, fewer in some tests.
    pub(crate) shared_iterations: u32,
    /// CPUs that are halted, one bit each.
    pub(crate) idle: u64,
    /// The CPU whose timer is set to the next deadline.
    pub(crate) keeper: CpuId,
}

impl Scheduler {
    /// A CPU.
    pub(crate) fn cpu(&self, cpu: CpuId) -> &Cpu {
        // NOFAIL: the arch only names CPUs that it counted at boot.
        &self.cpus[usize::from(cpu.0)]
    }

    /// A CPU, to be changed.
    pub(crate) fn cpu_mut(&mut self, cpu: CpuId) -> &mut Cpu {
        // NOFAIL: as in `cpu`.
        &mut self.cpus[usize::from(cpu.0)]
    }
}
