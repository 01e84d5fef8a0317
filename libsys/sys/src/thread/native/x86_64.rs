//! The instructions of threads, for 64-bit programs.

use super::{USED, thread_body};
use abi::Syscall;
use core::arch::{asm, naked_asm};

/// The word behind the thread register.
pub(super) fn thread_word() -> u64 {
    let word;
    // SAFETY: the register points to the top of the stack that the thread began on: mapped as
    // long as the thread runs, and written before it began.
    unsafe {
        asm!("mov {}, fs:[0]", out(reg) word, options(pure, readonly, nostack, preserves_flags));
    }
    word
}

/// The word above it, which is the program's.
#[inline]
pub(super) fn own_word() -> u64 {
    let word;
    // SAFETY: as above: the top of each stack has 16 bytes, and only this thread uses these 8.
    unsafe {
        asm!("mov {}, fs:[8]", out(reg) word, options(readonly, nostack, preserves_flags));
    }
    word
}

/// Sets it.
#[inline]
pub(super) fn set_own_word(word: u64) {
    // SAFETY: as above; nothing else lies in these 8 bytes, between the thread's name and its
    // start record.
    unsafe {
        asm!("mov fs:[8], {}", in(reg) word, options(nostack, preserves_flags));
    }
}

/// The first instructions: the stack is empty and aligned, `rdi` is the start record.
#[unsafe(naked)]
pub(super) extern "C" fn thread_entry() -> ! {
    naked_asm!("xor ebp, ebp", "call {body}", "ud2", body = sym thread_body)
}

/// Gives up the stack (with these arguments of `Unmap`) and ends the thread, without using
/// the stack in between.
///
/// # Safety
/// Nothing on the stack is used again, no upcall comes, and the slot is the thread's.
pub(super) unsafe fn leave(slot: u64, unmap: [u64; 6]) -> ! {
    let [_, address, pages, ..] = unmap;
    // SAFETY: 1. the code works in registers and never returns: the stack may go. 2. the
    // slot's bit is cleared only after the pages are unmapped, so a new owner finds it empty.
    unsafe {
        asm!(
            "syscall",
            "lock and qword ptr [rip + {used}], r12",
            "2:",
            "mov eax, {kill}",
            "xor edi, edi",
            "syscall",
            "jmp 2b",
            in("rax") Syscall::Unmap as u64,
            in("rdi") 0,
            in("rsi") address,
            in("rdx") pages,
            in("r12") !(1u64 << slot),
            used = sym USED,
            kill = const Syscall::ThreadKill as u64,
            options(noreturn),
        )
    }
}
