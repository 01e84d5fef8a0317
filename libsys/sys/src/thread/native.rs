//! Threads on the bare machine: stack slots, the first and the last instructions.

use crate::handle::created;
use crate::raw::{address_of, argument, with_memory};
use crate::{Error, Memory, OwnedHandle, PAGE_SIZE, Priority, Protection};
use abi::{STACKS_BASE, Syscall, ThreadMode};
use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, Ordering};

#[cfg_attr(target_arch = "x86", path = "native/x86.rs")]
#[cfg_attr(target_arch = "x86_64", path = "native/x86_64.rs")]
mod arch;

/// Bytes of a slot. Where addresses are plenty, threads may have stacks as large as other systems
/// give them.
const SLOT_BYTES: u64 = if cfg!(target_pointer_width = "64") { 16 << 20 } else { 1 << 20 };
/// Slots: threads of a process beside its first.
const SLOTS: u64 = 64;
const _: () = assert!(SLOTS == u64::BITS as u64, "a bit of `USED` for each");
const _: () = assert!(STACKS_BASE + SLOTS * SLOT_BYTES <= usize::MAX as u64);
/// The most pages of a stack; the rest of the slot guards.
const STACK_PAGES_MAX: u64 = SLOT_BYTES / PAGE_SIZE - 16;

/// The top of a stack: the word that names the thread, a word for the program, then its [`Start`];
/// the stack stays aligned.
const TOP_BYTES: u64 = (START_AT + size_of::<Start>().next_multiple_of(16)) as u64;
/// Where the start record lies above the word.
const START_AT: usize = 16;

/// Threads of this process run the same code.
const OWN_MODE: u64 = ThreadMode::OWN as u64;

/// A set bit is a slot in use.
static USED: AtomicU64 = AtomicU64::new(0);

/// What a new thread finds on its stack.
struct Start {
    work: Box<dyn FnOnce() + Send>,
    slot: u64,
    pages: u64,
}

/// Which thread is running: 0 for the first, else its slot + 1; on whatever stack. It is the
/// word behind the thread register, which the kernel sets to where the thread's stack began.
/// The first thread's loader leaves zeros there.
pub(crate) fn current_slot() -> u64 {
    arch::thread_word()
}

/// The word that the calling thread keeps for its program: 0 until it was set.
#[cfg(target_arch = "x86_64")]
#[must_use]
#[inline]
pub fn own_word() -> u64 {
    arch::own_word()
}

/// Sets that word.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn set_own_word(word: u64) {
    arch::set_own_word(word);
}

/// Makes the stack, then the thread, then lets it run.
pub(crate) fn spawn(
    stack_pages: u64,
    priority: Priority,
    work: Box<dyn FnOnce() + Send>,
) -> Result<OwnedHandle, Error> {
    if stack_pages == 0 || stack_pages > STACK_PAGES_MAX {
        return Err(Error::BadArgument);
    }
    let slot = take_slot().ok_or(Error::QuotaExceeded)?;
    map_stack(slot, stack_pages).inspect_err(|_| free_slot(slot))?;
    let start = fill_top(slot, Start { work, slot, pages: stack_pages });
    run(start, slot, priority).inspect_err(|_| {
        // SAFETY: the thread does not exist or never ran, so the record is still only ours,
        // and nothing else lives on the stack.
        unsafe {
            drop(start.read());
            let _ = with_memory(Syscall::Unmap, stack_of(slot, stack_pages));
        }
        free_slot(slot);
    })
}

fn run(start: *mut Start, slot: u64, priority: Priority) -> Result<OwnedHandle, Error> {
    let entry = address_of(arch::thread_entry as *const ());
    let stack = slot_top(slot) - TOP_BYTES;
    let arguments = [0, entry, stack, address_of(start), priority.0.into(), OWN_MODE];
    // SAFETY: 1. the stack was mapped for this slot, which no other thread has. 2. the entry
    // takes over the record that `start` points to. 3. the closure is `Send`.
    let thread = created(unsafe { with_memory(Syscall::ThreadCreate, arguments) })?;
    crate::raw::plain(Syscall::ThreadResume, [argument(thread.handle()), 0, 0, 0, 0, 0])?;
    Ok(thread)
}

/// Writes the top of a stack, before the thread exists: where the start record lies.
fn fill_top(slot: u64, start: Start) -> *mut Start {
    // It fits: asserted above.
    let bottom = usize::try_from(slot_top(slot) - TOP_BYTES).unwrap_or(0);
    let word = core::ptr::with_exposed_provenance_mut::<u64>(bottom);
    let record = word.wrapping_byte_add(START_AT).cast::<Start>();
    // SAFETY: both lie in the top of a stack that was mapped for a thread which does not exist
    // yet, one behind the other; aligned, as the tops of slots are.
    unsafe {
        word.write(slot + 1);
        record.write(start);
    }
    record
}

fn map_stack(slot: u64, pages: u64) -> Result<(), Error> {
    let memory = Memory::create(pages)?;
    let [_, address, ..] = stack_of(slot, pages);
    let arguments = [0, argument(memory.handle()), address, 0, pages, Protection::ReadWrite as u64];
    // SAFETY: the slot is free, so nothing in its range is in use.
    unsafe { with_memory(Syscall::Map, arguments) }.map(|_| ())
}

/// The arguments that unmap the stack of a slot: own process, address, pages.
fn stack_of(slot: u64, pages: u64) -> [u64; 6] {
    [0, slot_top(slot) - pages * PAGE_SIZE, pages, 0, 0, 0]
}

fn slot_top(slot: u64) -> u64 {
    STACKS_BASE + (slot + 1) * SLOT_BYTES
}

fn take_slot() -> Option<u64> {
    // ORDER: acquire pairs with the release of the thread that left the slot.
    let used = USED
        .fetch_update(Ordering::Acquire, Ordering::Relaxed, |used| {
            (used != u64::MAX).then(|| used | (used + 1))
        })
        .ok()?;
    Some(u64::from(used.trailing_ones()))
}

fn free_slot(slot: u64) {
    USED.fetch_and(!(1 << slot), Ordering::Release);
}

extern "C" fn thread_body(start: *mut Start) -> ! {
    // SAFETY: `spawn` wrote it for this thread alone, which reads it once.
    let Start { work, slot, pages } = unsafe { start.read() };
    work();
    let _ = crate::upcall::mask(u64::MAX);
    // SAFETY: 1. nothing on this stack is used again. 2. upcalls, which would need it, are
    // masked. 3. the slot and its stack are this thread's.
    unsafe { arch::leave(slot, stack_of(slot, pages)) }
}
