//! The entry of upcalls in programs that are built with vector registers: what the thread
//! had in them is there again when it goes on, whatever the handler does.
//!
//! FXSAVE is enough: a handler is built for the same target, whose instructions leave the
//! upper halves of wider registers as they are. A handler that uses more saves more.

use super::{SavedFrame, handle};
use abi::Syscall;
use core::arch::naked_asm;

/// MXCSR after a reset; what compiled code expects.
const MXCSR: u32 = 0x1f80;

/// Where the kernel enters: `rdi` = bits, `rsi` = frame, `rsp` = frame - 8.
///
/// ```text
///   frame                 16-aligned; all general registers are in it
///   8 bytes               where a return address would be
///   8 bytes of nothing
///   512 bytes             FXSAVE, 16-aligned: rsp from here on
/// ```
#[unsafe(naked)]
pub(super) extern "C" fn entry(_bits: u64, _frame: *mut SavedFrame) -> ! {
    naked_asm!(
        "sub rsp, {area}",
        "fxsave64 [rsp]",
        "fninit",
        "push {mxcsr}",
        "ldmxcsr [rsp]",
        "pop rax",
        "mov rbx, rsi",
        "call {handle}",
        "fxrstor64 [rsp]",
        "2:",
        "mov eax, {leave}",
        "mov rdi, rbx",
        "syscall",
        "jmp 2b",
        area = const 512 + 8,
        mxcsr = const MXCSR,
        handle = sym handle,
        leave = const Syscall::UpcallReturn as u64,
    )
}
