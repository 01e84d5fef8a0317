//! The one door to user mode.
//!
//! A thread's frame and the bases of fs and gs stay the CPU's for as long as the thread comes
//! back to it: `CpuBlock::loaded` names the frame. They are changed when another thread is
//! to run, and put down before another CPU could take this one's thread.

use super::super::cpu::CpuBlock;
use super::super::cpu::tables::load_user_data;
use super::frame::UserFrame;
use super::stubs::{leave_by_iret, leave_by_sysret};
use abi::ThreadMode;
use core::sync::atomic::Ordering::Relaxed;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{FS, Segment64};
use x86_64::registers::model_specific::{FsBase, KernelGsBase};

/// No frame is loaded.
const NONE: u64 = 0;

/// Makes the frame the one that entries fill, its bases those of the CPU.
///
/// # Safety
/// 1. The kernel is held, and the frame's thread is current on this CPU.
/// 2. No reference to the frame, or to the one that is loaded, exists.
#[inline(always)]
pub(super) unsafe fn load(cpu: &CpuBlock, frame: *mut UserFrame) {
    let end = frame.wrapping_add(1).expose_provenance() as u64;
    if cpu.loaded.load(Relaxed) == end {
        return;
    }
    // SAFETY: the caller's promises.
    unsafe {
        save_loaded(cpu);
        load_bases(cpu, &*frame);
    }
    cpu.loaded.store(end, Relaxed);
    cpu.frame_end.store(end, Relaxed);
    cpu.set_entry_stack(end);
}

/// Saves the bases in the frame that is loaded, if there is one; then none is.
///
/// # Safety
/// The kernel is held, and was not let go since that frame's thread came in; no reference
/// to the frame exists.
pub(super) unsafe fn put_down(cpu: &CpuBlock) {
    // SAFETY: the caller's promise.
    unsafe { save_loaded(cpu) };
    cpu.loaded.store(NONE, Relaxed);
}

/// Saves the bases in the frame that is loaded, if there is one.
///
/// # Safety
/// As for [`put_down`].
#[inline(always)]
unsafe fn save_loaded(cpu: &CpuBlock) {
    if cpu.loaded.load(Relaxed) != NONE {
        // SAFETY: the caller's promise. The frame lies in an arena that is there for good; the
        // thread lives, or ended in this very entry and nobody has its place yet.
        save_bases(cpu, unsafe { &mut *cpu.user_frame() });
    }
}

/// Reads the bases that user mode can change by itself.
#[inline(always)]
fn save_bases(cpu: &CpuBlock, frame: &mut UserFrame) {
    if cpu.fsgsbase.load(Relaxed) {
        frame.fs_base = FS::read_base().as_u64();
        // Not by `KernelGsBase`, which checks each time what the CPU does already.
        // SAFETY: the register is there on every x86_64, and reading changes nothing.
        frame.gs_base = unsafe { KernelGsBase::MSR.read() };
        cpu.user_fs.store(frame.fs_base, Relaxed);
        cpu.user_gs.store(frame.gs_base, Relaxed);
    }
}

/// Most threads have the same bases, 0: they are only written when they differ.
#[inline(always)]
fn load_bases(cpu: &CpuBlock, frame: &UserFrame) {
    if cpu.user_fs.load(Relaxed) != frame.fs_base {
        write_fs(cpu, frame.fs_base);
    }
    if cpu.user_gs.load(Relaxed) != frame.gs_base {
        cpu.user_gs.store(frame.gs_base, Relaxed);
        KernelGsBase::write(VirtAddr::new_truncate(frame.gs_base));
    }
}

#[inline(never)]
fn write_fs(cpu: &CpuBlock, base: u64) {
    cpu.user_fs.store(base, Relaxed);
    let base = VirtAddr::new_truncate(base);
    if cpu.fsgsbase.load(Relaxed) {
        // SAFETY: the kernel does not use fs.
        unsafe { FS::write_base(base) };
    } else {
        FsBase::write(base);
    }
}

/// Returns to user mode as SYSCALL came.
///
/// # Safety
/// 1. The core chose this thread at the last step, with interrupts off since; its frame is
///    loaded and its space is the active one.
/// 2. `frame` stays where it is, and no reference to it exists.
/// 3. [`UserFrame::fits_sysret`] holds.
#[inline(always)]
pub(super) unsafe fn leave_fast(frame: *mut UserFrame) -> ! {
    // SAFETY: the caller's promises. The frame's selectors are constants and its flags were
    // filtered when it was made or pushed by the CPU in user mode.
    unsafe { leave_by_sysret(frame) }
}

/// Returns to user mode, whatever the frame holds.
///
/// # Safety
/// 1. and 2. as for [`leave_fast`]. 3. Its rip is canonical.
#[inline(always)]
pub(super) unsafe fn leave(cpu: &CpuBlock, frame: *mut UserFrame) -> ! {
    // SAFETY: the caller's promise 2.
    if unsafe { (*frame).mode } == ThreadMode::Bits32 {
        load_user_data();
        // The selector took the base with it.
        write_fs(cpu, cpu.user_fs.load(Relaxed));
    }
    // SAFETY: as in `leave_fast`; and promise 3.
    unsafe { leave_by_iret(frame) }
}
