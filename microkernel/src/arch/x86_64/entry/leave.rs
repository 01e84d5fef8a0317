//! The one door to user mode.
//!
//! A thread's frame and the bases of fs and gs stay the CPU's for as long as the thread comes
//! back to it: `CpuBlock::frame_end` names the frame. They are changed when another thread is
//! to run, and saved before another CPU could take this one's thread.

use super::super::checks;
use super::super::cpu::bases::Bases;
use super::super::cpu::block::CpuBlock;
use super::super::cpu::frame::{Trap, UserFrame};
use super::super::cpu::tables::{load_user_data, set_entry_stack};
use super::super::mm::{shootdown, table::Table};
use super::held::HeldKernel;
use super::registers::pop_registers;
use abi::ThreadMode;
use core::arch::naked_asm;
use core::mem::offset_of;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::{Fault, Switch};

/// No frame is the CPU's.
const NONE: u64 = 0;

/// Returns to user mode. If the thread's RIP is not canonical, IRET would fault: then it comes
/// back with the fault of the thread, as if the thread had tried.
///
/// ORDER: the root is loaded before the kernel is released, so that no other CPU finds a space
/// unused that is about to be used. A halted CPU uses none and gets no TLB shootdown.
#[inline(always)]
pub(super) fn return_to_user(
    mut kernel: HeldKernel,
    cpu: &CpuBlock,
    switch: Switch<UserFrame>,
) -> Fault {
    let Switch { frame, root, .. } = switch;
    if let Some(place) = checks::held_lock(cpu) {
        kernel.report(format_args!("a lock is held on the way out: {place}"));
    }
    checks::outside(cpu);
    // SAFETY: 1. The core chose the thread, and its borrow of the frame is over. 2. It
    // chooses only threads of living processes, whose root this is.
    unsafe {
        shootdown::switch_to(cpu, Table::new(root));
        load(cpu, frame);
    }
    drop(kernel);
    // SAFETY: the core chose this thread, with interrupts off since; its frame is loaded, its
    // space is the active one, and no reference to the frame exists.
    unsafe { enter_user(frame, cpu) };
    // SAFETY: the thread is current here, so its frame is this CPU's.
    let address = unsafe { (*frame).trap.rip };
    Fault { kind: abi::FaultKind::Protection, code: 0, address }
}

/// Makes the frame the one that entries fill, its bases those of the CPU.
///
/// # Safety
/// 1. The kernel is held, and the frame's thread is current on this CPU.
/// 2. No reference to the frame, or to the one that was the CPU's, exists.
#[inline(always)]
unsafe fn load(cpu: &CpuBlock, frame: *mut UserFrame) {
    let (old, end) =
        (cpu.frame_end.load(Relaxed), frame.wrapping_add(1).expose_provenance() as u64);
    if old == end {
        return;
    }
    // SAFETY: the caller's promises; as in `save_bases`.
    unsafe {
        let held = (*frame).bases.exchange(cpu);
        if old != NONE {
            (*UserFrame::of(cpu)).bases = held;
        }
    }
    // SAFETY: the caller's promises: its own CPU, on its way out, and the next thread's frame.
    unsafe { set_entry_stack(cpu, end) };
}

/// Saves the bases in the frame that is the CPU's, if there is one; then none is.
///
/// # Safety
/// The kernel is held, and was not released since that frame's thread came in; no reference to
/// the frame exists.
pub(super) unsafe fn save_bases(cpu: &CpuBlock) {
    if cpu.frame_end.load(Relaxed) != NONE {
        // SAFETY: the caller's promise. The frame's memory is there for good; the thread lives, or
        // ended in this very entry, so no other thread has its frame yet.
        unsafe { (*UserFrame::of(cpu)).bases = Bases::held(cpu) };
        cpu.frame_end.store(NONE, Relaxed);
    }
}

/// Returns to user mode, unless IRET would fault: then it comes back.
///
/// # Safety
/// 1. and 2. as for [`leave_fast`].
#[inline(always)]
unsafe fn enter_user(frame: *mut UserFrame, cpu: &CpuBlock) {
    // SAFETY: the caller's promises: no reference to the frame exists, and the core, on whatever
    // CPU, does not touch it while the thread is current here.
    if unsafe { (*frame).fits_sysret() } {
        // SAFETY: 1. and 2. the caller's promises. 3. Checked.
        unsafe { leave_fast(frame) }
    }
    // SAFETY: the caller's promises.
    unsafe { enter_slowly(frame, cpu) };
}

/// The way by IRET.
///
/// # Safety
/// As for [`enter_user`].
#[inline(never)]
unsafe fn enter_slowly(frame: *mut UserFrame, cpu: &CpuBlock) {
    // SAFETY: as in `enter_user`.
    if unsafe { (*frame).trap.canonical() } {
        // SAFETY: the caller's promises; 3. checked.
        unsafe { leave(cpu, frame) }
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
unsafe fn leave_fast(frame: *mut UserFrame) -> ! {
    // SAFETY: the caller's promises. The frame's selectors are constants and its flags were
    // filtered when it was made or pushed by the CPU in user mode.
    unsafe { leave_by_sysret(frame) }
}

/// Returns to user mode, whatever the frame holds.
///
/// # Safety
/// 1. and 2. as for [`leave_fast`]. 3. Its rip is canonical.
#[inline(always)]
unsafe fn leave(cpu: &CpuBlock, frame: *mut UserFrame) -> ! {
    // SAFETY: the caller's promise 2.
    if unsafe { (*frame).mode } == ThreadMode::Bits32 {
        let bases = Bases::held(cpu);
        load_user_data();
        // The selector took the base with it.
        bases.write(cpu);
    }
    // SAFETY: as in `leave_fast`; and promise 3.
    unsafe { leave_by_iret(frame) }
}

/// Leaves to user mode by SYSRET. rdi = the frame; gs is the kernel's.
///
/// # Safety
/// [`UserFrame::fits_sysret`] holds for the frame, and the thread's space is the active one.
#[unsafe(naked)]
unsafe extern "C" fn leave_by_sysret(frame: *const UserFrame) -> ! {
    naked_asm!(
        "lea rsp, [rdi + {trap}]",
        pop_registers!(),
        // rcx = rip and r11 = rflags already: that is what `fits_sysret` means.
        "mov rsp, [rsp + {rsp}]",
        "swapgs",
        "sysretq",
        trap = const offset_of!(UserFrame, trap),
        rsp = const offset_of!(Trap, rsp) - offset_of!(Trap, vector),
    )
}

/// Leaves to user mode by IRET. rdi = the frame; gs is the kernel's.
///
/// # Safety
/// The frame has the user's selectors, flags as [`UserFrame`] makes them and a canonical
/// rip, so that IRET cannot fault; the thread's space is the active one.
#[unsafe(naked)]
unsafe extern "C" fn leave_by_iret(frame: *const UserFrame) -> ! {
    naked_asm!(
        "lea rsp, [rdi + {trap}]",
        pop_registers!(),
        "add rsp, {marks}",
        // rsp at rip cs rflags rsp ss.
        "swapgs",
        "iretq",
        trap = const offset_of!(UserFrame, trap),
        marks = const offset_of!(Trap, rip) - offset_of!(Trap, vector),
    )
}
