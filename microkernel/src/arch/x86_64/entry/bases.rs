//! The bases of fs and gs: the part of a thread's registers that stays in the CPU while the
//! kernel works.
//!
//! Programs set them by instructions, where the CPU has those; where it has not they stay 0.

use super::super::cpu::CpuBlock;
use core::arch::asm;
use core::sync::atomic::Ordering::Relaxed;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{FS, Segment64};

/// Both bases of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bases {
    fs: u64,
    gs: u64,
}

impl Bases {
    /// Those of user mode that the CPU holds.
    #[inline(always)]
    pub(super) fn held(cpu: &CpuBlock) -> Self {
        if !cpu.fsgsbase.load(Relaxed) {
            return Self::default();
        }
        Self { fs: FS::read_base().as_u64(), gs: users_gs() }
    }

    /// Makes them the CPU's in place of those that it holds: most threads have the same, 0.
    #[inline(always)]
    pub(super) fn load_over(self, held: Self, cpu: &CpuBlock) {
        if self != held {
            self.write(cpu);
        }
    }

    /// Makes them the CPU's.
    #[inline(never)]
    pub(super) fn write(self, cpu: &CpuBlock) {
        if cpu.fsgsbase.load(Relaxed) {
            let [fs, gs] = [self.fs, self.gs].map(VirtAddr::new_truncate);
            // SAFETY: the kernel does not use fs.
            unsafe { FS::write_base(fs) };
            set_users_gs(gs);
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
