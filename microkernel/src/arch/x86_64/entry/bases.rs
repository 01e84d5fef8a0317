//! The bases of fs and gs: the part of a thread's registers that stays in the CPU while the
//! kernel works.
//!
//! Programs set them by instructions, where the CPU has those; where it has not they stay 0.

use super::super::cpu::CpuBlock;
use core::sync::atomic::Ordering::Relaxed;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{FS, GS, Segment64};

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
        Self { fs: FS::read_base().as_u64(), gs: with_users_gs(GS::read_base).as_u64() }
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
            // SAFETY: the gs that is written is the user's.
            with_users_gs(|| unsafe { GS::write_base(gs) });
        }
    }
}

/// Does something while gs is the user's. Nothing that comes meanwhile trusts it: interrupts
/// are off, and what cannot be held off finds its CPU by its stack.
#[inline(always)]
fn with_users_gs<T>(act: impl FnOnce() -> T) -> T {
    // SAFETY: there and back, and `act` is one instruction of this file.
    unsafe { GS::swap() };
    let result = act();
    // SAFETY: as above.
    unsafe { GS::swap() };
    result
}
