//! Values of which every CPU has one.
//!
//! A subsystem defines its own per-CPU state beside the code that uses it, so the CPU's block
//! names no subsystem. The kernel runs with interrupts off and never moves to another CPU, so the
//! value of the running CPU is the same one for a whole entry.

use super::block::{CPUS, CpuBlock, LINE, this_cpu};

/// One value per CPU. Other CPUs may read it, so a `T` is made of atomics or locks; it has whole
/// cache lines, so that CPUs do not share one.
pub(crate) struct PerCpu<T>([T; CPUS]);

impl<T> PerCpu<T> {
    /// The values that CPUs start with.
    pub(crate) const fn new(values: [T; CPUS]) -> Self {
        const { assert!(align_of::<T>() == LINE) };
        Self(values)
    }

    /// The value of a CPU.
    #[inline(always)]
    pub(crate) fn of(&self, cpu: &CpuBlock) -> &T {
        let offset = cpu.line() * (size_of::<T>() / LINE);
        // SAFETY: a block's line is one of the first `CPUS`, and a value has as many lines as
        // fit into its size, so the offset is that of a whole value in the array.
        unsafe { &*self.0.as_ptr().byte_add(offset) }
    }

    /// The value of the CPU that this runs on.
    #[inline(always)]
    pub(crate) fn here(&self) -> &T {
        self.of(this_cpu())
    }
}
