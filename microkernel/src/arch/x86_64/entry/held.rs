//! The kernel while this CPU holds it.

use super::super::cpu::block::{CpuBlock, this_cpu};
use super::super::irq;
use super::leave;
use super::lock::{self, Core, Hold};
use core::ops::{Deref, DerefMut};

/// This CPU holds the kernel.
///
/// ORDER: acquired only at an entry and after a window or halt, with interrupts off. Handlers of
/// interrupts in kernel mode and the panic path never acquire it.
pub(super) struct HeldKernel(Hold);

impl HeldKernel {
    /// Waits until no other CPU holds the kernel. The time that takes is charged to no thread.
    #[inline(always)]
    pub(super) fn acquire(cpu: &CpuBlock) -> Self {
        let (hold, waited) = lock::acquire(cpu);
        let mut kernel = Self(hold);
        if waited > 0 {
            kernel.waited(cpu.id(), waited);
        }
        kernel
    }

    /// An interrupt window: releases the kernel, lets interrupts in for a moment so that they are
    /// recorded, and acquires it again with interrupts off.
    pub(super) fn open_window(&mut self) {
        let cpu = this_cpu();
        // SAFETY: the kernel is held since the entry, or since the last window; nothing in the core
        // refers to the frame between two sections.
        unsafe { leave::save_bases(cpu) };
        let waited = self.0.release_during(cpu, irq::window);
        if waited > 0 {
            self.waited(cpu.id(), waited);
        }
    }

    /// Releases the kernel after its last use of the thread that ran here.
    pub(super) fn release(self, cpu: &CpuBlock) {
        // SAFETY: the kernel is held since the entry, or since the last window, which saved the
        // bases; the core's borrow of the frame is over.
        unsafe { leave::save_bases(cpu) };
        drop(self);
    }

    /// The number of times that a CPU had to wait for the kernel.
    pub(super) fn waits(&self) -> u64 {
        self.0.waits()
    }
}

impl Deref for HeldKernel {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.0
    }
}

impl DerefMut for HeldKernel {
    fn deref_mut(&mut self) -> &mut Core {
        &mut self.0
    }
}
