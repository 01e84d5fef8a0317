//! Stacks of the threads that a child makes in itself.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

const STACK_WORDS: usize = 1024;
const STACKS: u64 = 8;

/// The stack of one thread.
#[repr(C, align(16))]
struct Stack([AtomicU64; STACK_WORDS]);

static ALL: [Stack; 8] = [const { Stack([const { AtomicU64::new(0) }; STACK_WORDS]) }; 8];
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The stack pointer of a function's first instruction, on the next stack. Old ones are
/// taken again: two threads on one stack harm their process alone.
pub(super) fn top() -> u64 {
    let index = NEXT.fetch_add(1, Relaxed) % STACKS;
    let stack = usize::try_from(index).ok().and_then(|index| ALL.get(index));
    let bottom = stack.map_or(0, |stack| stack.0.as_ptr().expose_provenance() as u64);
    bottom + STACK_WORDS as u64 * 8 - size_of::<usize>() as u64
}

/// The entry of a function as a number.
pub(super) fn address(function: *const ()) -> u64 {
    function.expose_provenance() as u64
}
