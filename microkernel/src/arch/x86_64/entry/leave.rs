//! The one door to user mode.

use super::super::cpu::tables::load_user_data;
use super::super::cpu::{CpuBlock, features};
use super::frame::UserFrame;
use super::stubs::{leave_by_iret, leave_by_sysret};
use abi::ThreadMode;
use core::sync::atomic::Ordering::Relaxed;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{FS, Segment64};
use x86_64::registers::model_specific::{FsBase, KernelGsBase};

/// Reads the bases that user mode can change by itself.
pub(super) fn save_bases(cpu: &CpuBlock, frame: &mut UserFrame) {
    if features::features().fsgsbase {
        frame.fs_base = FS::read_base().as_u64();
        frame.gs_base = KernelGsBase::read().as_u64();
        cpu.user_gs.store(frame.gs_base, Relaxed);
    }
}

fn load_bases(cpu: &CpuBlock, frame: &UserFrame) {
    let fs = VirtAddr::new_truncate(frame.fs_base);
    let gs = VirtAddr::new_truncate(frame.gs_base);
    if features::features().fsgsbase {
        // SAFETY: the kernel does not use fs.
        unsafe { FS::write_base(fs) };
    } else {
        FsBase::write(fs);
    }
    if cpu.user_gs.swap(gs.as_u64(), Relaxed) != gs.as_u64() {
        KernelGsBase::write(gs);
    }
}

/// Returns to user mode, into this frame. Its space is the active one.
///
/// # Safety
/// 1. The core chose this thread at the last step, with interrupts off since.
/// 2. `frame` is that thread's, stays where it is, and no reference to it exists.
/// 3. Its rip is canonical.
pub(super) unsafe fn leave(cpu: &CpuBlock, frame: *mut UserFrame) -> ! {
    let end = frame.wrapping_add(1).expose_provenance() as u64;
    cpu.frame_end.store(end, Relaxed);
    if let Some(tables) = cpu.descriptors.get() {
        tables.set_entry_stack(end);
    }
    // SAFETY: the caller's promise 2.
    let fast = unsafe {
        let frame = &*frame;
        let fast = frame.fits_sysret();
        if !fast && frame.mode == ThreadMode::Bits32 {
            load_user_data();
        }
        load_bases(cpu, frame);
        fast
    };
    // SAFETY: the frame's selectors are constants and its flags were filtered when it was
    // made or pushed by the CPU in user mode; promise 3; and `fast` is the stub's condition.
    unsafe { if fast { leave_by_sysret(frame) } else { leave_by_iret(frame) } }
}
