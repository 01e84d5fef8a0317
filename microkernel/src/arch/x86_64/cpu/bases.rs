//! The bases of fs and gs: the part of a thread's registers that stays in the CPU while the
//! kernel works.
//!
//! The base of fs is the thread pointer: the kernel sets it when the thread is made and by
//! `ThreadPointer`. Programs change both by instructions, where the CPU has those. Where it has
//! not, that of fs travels by its model-specific register and that of gs stays 0.
//!
//! In 32-bit code the same base counts, as fs holds a segment there (`leave`).
//! Source: Intel SDM 3A, 3.4.4.1: compatibility mode uses the low half of the hidden base.

use super::block::CpuBlock;
use core::arch::asm;
use core::sync::atomic::Ordering::Relaxed;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{FS, Segment64};
use x86_64::registers::model_specific::FsBase;

/// Both bases of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bases {
    fs: u64,
    gs: u64,
}

impl Bases {
    /// Those of a thread that did not run yet; the thread pointer is in user space.
    pub(crate) const fn of_thread(pointer: u64) -> Self {
        Self { fs: pointer, gs: 0 }
    }

    /// The same with another thread pointer, in user space.
    pub(crate) const fn with_fs(self, pointer: u64) -> Self {
        Self { fs: pointer, ..self }
    }

    /// Those of user mode that the CPU holds.
    #[inline(always)]
    pub(crate) fn held(cpu: &CpuBlock) -> Self {
        if cpu.fsgsbase.load(Relaxed) {
            Self { fs: FS::read_base().as_u64(), gs: users_gs() }
        } else {
            Self::held_without_instructions()
        }
    }

    #[cold]
    fn held_without_instructions() -> Self {
        Self { fs: FsBase::read().as_u64(), gs: 0 }
    }

    /// Makes them the CPU's, and returns those that it held. Threads of one program differ by
    /// their thread pointers, and hardly any by the other base.
    #[inline(always)]
    pub(crate) fn exchange(self, cpu: &CpuBlock) -> Self {
        if !cpu.fsgsbase.load(Relaxed) {
            return self.exchange_without_instructions();
        }
        let held = Self { fs: FS::read_base().as_u64(), gs: users_gs() };
        if self.gs != held.gs {
            set_users_gs(VirtAddr::new_truncate(self.gs));
        }
        if self.fs != held.fs {
            // SAFETY: 1. the kernel does not use fs. 2. the CPU has the instruction. 3. the base
            // is canonical: it is in user space, or was read from a CPU.
            unsafe { FS::write_base(VirtAddr::new_unsafe(self.fs)) };
        }
        held
    }

    #[cold]
    fn exchange_without_instructions(self) -> Self {
        let held = Self::held_without_instructions();
        FsBase::write(VirtAddr::new_truncate(self.fs));
        held
    }

    /// Makes them the CPU's.
    #[inline(never)]
    pub(crate) fn write(self, cpu: &CpuBlock) {
        let [fs, gs] = [self.fs, self.gs].map(VirtAddr::new_truncate);
        if cpu.fsgsbase.load(Relaxed) {
            // SAFETY: the kernel does not use fs.
            unsafe { FS::write_base(fs) };
            set_users_gs(gs);
        } else {
            FsBase::write(fs);
        }
    }
}

/// The user's base of gs. It is the user's for one instruction, and nothing that comes meanwhile
/// trusts it: interrupts are off, and what cannot be held off finds its CPU by its stack. (A
/// system test looks that nothing else is between two SWAPGS.)
#[inline(always)]
fn users_gs() -> u64 {
    let base;
    // SAFETY: as above; the CPU has the instructions (`fsgsbase`).
    unsafe {
        asm!(
            "swapgs",
            "rdgsbase {}",
            "swapgs",
            out(reg) base,
            options(nomem, nostack, preserves_flags),
        );
    }
    base
}

/// Sets it.
fn set_users_gs(base: VirtAddr) {
    // SAFETY: as for `users_gs`; the base is canonical.
    unsafe {
        asm!(
            "swapgs",
            "wrgsbase {}",
            "swapgs",
            in(reg) base.as_u64(),
            options(nomem, nostack, preserves_flags),
        );
    }
}
