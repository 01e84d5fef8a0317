//! The instructions of threads, for 32-bit programs.

use super::{SLOTS, USED, thread_body};
use abi::{CompatCall, Syscall, WORDS};
use core::arch::{asm, naked_asm};
use core::cell::UnsafeCell;

/// The word behind the thread register.
pub(super) fn thread_word() -> u64 {
    let word: u32;
    // SAFETY: the register points to the top of the stack that the thread began on: mapped as
    // long as the thread runs, and written before it began.
    unsafe {
        asm!("mov {}, fs:[0]", out(reg) word, options(pure, readonly, nostack, preserves_flags));
    }
    u64::from(word)
}

/// The first instructions: the stack is empty and aligned, `edi` is the start record, which
/// the convention of functions wants on the stack.
#[unsafe(naked)]
pub(super) extern "C" fn thread_entry() -> ! {
    naked_asm!("xor ebp, ebp", "sub esp, 12", "push edi", "call {body}", "ud2",
        body = sym thread_body)
}

/// The last call of a slot's thread: not on its stack, which goes.
struct LastCall(UnsafeCell<CompatCall>);

const NOTHING: CompatCall = CompatCall { values: [0; 2], words: [0; WORDS], envelope: 0 };

// SAFETY: used by the thread that owns the slot.
unsafe impl Sync for LastCall {}

/// As many as there are slots.
const PLACES: usize = 64;
const _: () = assert!(PLACES as u64 == SLOTS);

static LAST_CALLS: [LastCall; PLACES] = [const { LastCall(UnsafeCell::new(NOTHING)) }; PLACES];
/// Ends the calling thread; no result is ever written.
static KILL: CompatCall = NOTHING;

/// Gives up the stack (with these arguments of `Unmap`) and ends the thread, without using
/// the stack in between.
///
/// # Safety
/// Nothing on the stack is used again, no upcall comes, and the slot is the thread's.
pub(super) unsafe fn leave(slot: u64, unmap: [u64; 6]) -> ! {
    let [process, address, pages, ..] = unmap;
    let index = usize::try_from(slot).unwrap_or(0);
    let call = LAST_CALLS[index].0.get();
    let half = USED.as_ptr().cast::<u32>().wrapping_add(index / 32);
    // SAFETY: 1. the call's place is this thread's, as its slot is. 2. the code below works
    // in registers and never returns: the stack may go. 3. the slot's bit is cleared only
    // after the pages are unmapped, so a new owner finds it empty; after that only the
    // constant call is used.
    unsafe {
        *call =
            CompatCall { values: [process, address], words: [pages, 0, 0, 0, 0, 0, 0], ..NOTHING };
        asm!(
            "int 0x80",
            "lock and dword ptr [ecx], edx",
            "2:",
            "mov eax, {kill}",
            "mov ebx, edi",
            "int 0x80",
            "jmp 2b",
            in("eax") Syscall::Unmap as u32,
            in("ebx") call,
            in("ecx") half,
            in("edx") !(1u32 << (index % 32)),
            in("edi") &raw const KILL,
            kill = const Syscall::ThreadKill as u32,
            options(noreturn),
        )
    }
}
