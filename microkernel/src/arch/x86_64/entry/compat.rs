//! The ways in of 32-bit code, and what is particular about them.
//!
//! ```text
//! int 0x80   a gate of the interrupt table: `interrupt_entry`, as any interrupt
//! SYSENTER   `sysenter_entry`  Intel; the CPU sets rip, rsp, cs, ss and clears IF, no more
//! SYSCALL    `syscall32_entry` AMD; as in 64-bit code, by another register
//! ```
//! All three leave the frame of `stubs` and go on in [`super::dispatch`]. The way out is IRET:
//! `UserFrame::fits_sysret` refuses 32-bit threads.
//!
//! Source: Intel SDM 2B "SYSENTER", 3A 5.8.7; AMD APM 3 "SYSCALL", "SYSENTER" (invalid in
//! long mode).

use super::super::cpu::block::CpuBlock;
use super::super::cpu::frame::{SYSCALL32_MARK, SYSENTER_MARK};
use super::super::cpu::tables::{USER_CODE_32, USER_DATA};
use super::arrivals;
use super::registers::{KERNEL_FLAGS, clear_registers, push_registers};
use super::stubs::syscall_body;
use core::arch::naked_asm;
use core::mem::offset_of;
use x86_64::registers::rflags::RFlags;

const INTERRUPTS_ON: u64 = RFlags::INTERRUPT_FLAG.bits();
const SINGLE_STEP: u64 = RFlags::TRAP_FLAG.bits();

/// From SYSENTER on: the flags that were found, with these on.
macro_rules! sysenter_body {
    ($flags:expr) => {
        naked_asm!(
            // gs and every flag but IF are still the user's; by convention ecx is its stack
            // and edx where it goes on.
            "swapgs",
            "mov rsp, gs:[{frame_end}]",
            "push {user_data}",
            "mov ecx, ecx",
            "push rcx",
            "pushfq",
            "or qword ptr [rsp], {flags}",
            "push {user_code}",
            "mov edx, edx",
            "push rdx",
            "push 0",
            "push {mark}",
            push_registers!(),
            clear_registers!(),
            "mov rsp, gs:[{kernel_stack}]",
            // By hand what SYSCALL's mask does: NT (an IRET would fault), AC (a hole in
            // SMAP), TF, DF.
            "push {kernel_flags}",
            "popfq",
            "call {arrived}",
            "ud2",
            frame_end = const offset_of!(CpuBlock, frame_end),
            kernel_stack = const offset_of!(CpuBlock, kernel_stack),
            user_data = const USER_DATA.0,
            user_code = const USER_CODE_32.0,
            flags = const $flags,
            kernel_flags = const KERNEL_FLAGS,
            mark = const SYSENTER_MARK,
            arrived = sym arrivals::compat_arrived,
        )
    };
}

/// SYSENTER arrives here: rsp = the kernel stack, interrupts off, nothing saved.
#[unsafe(naked)]
pub(crate) extern "C" fn sysenter_entry() -> ! {
    sysenter_body!(INTERRUPTS_ON)
}

/// The same for a thread under single step, see `traps::step_over_sysenter`.
#[unsafe(naked)]
pub(crate) extern "C" fn stepped_sysenter_entry() -> ! {
    sysenter_body!(INTERRUPTS_ON | SINGLE_STEP)
}

/// SYSCALL of 32-bit code arrives here.
#[unsafe(naked)]
pub(crate) extern "C" fn syscall32_entry() -> ! {
    syscall_body!(
        USER_CODE_32,
        SYSCALL32_MARK,
        ["call {arrived}"],
        arrived = sym arrivals::compat_arrived
    )
}
