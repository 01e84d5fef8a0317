//! What memory objects hold: the host's own memory, one block for each object.

use crate::raw::hosted::seat::{go_on, with_seat};
use crate::{Error, PAGE_SIZE};
use abi::{Handle, Protection, Syscall};
use core::cell::UnsafeCell;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Pages. Never freed: the tests are short, and a window may outlive its object.
type Block = &'static [Page];

#[repr(C, align(4096))]
struct Page(UnsafeCell<[u8; 4096]>);

// SAFETY: pages are reached only through `sys::Shared` (atomics) or `sys::Pages` (alone).
unsafe impl Sync for Page {}

/// The blocks by system and object, and what is mapped.
#[derive(Default)]
struct Blocks {
    of: HashMap<(u64, u64), Block>,
    mapped: Vec<Mapped>,
}

/// A mapping. Processes that map one block have one host address for it.
struct Mapped {
    system: u64,
    process: u64,
    /// Where the host has the bytes.
    address: u64,
    /// Where they lie for the kernel.
    at: u64,
}

static BLOCKS: LazyLock<Mutex<Blocks>> = LazyLock::new(Mutex::default);

fn blocks() -> MutexGuard<'static, Blocks> {
    BLOCKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Maps for the kernel, which checks everything, and tells where the host has the bytes.
pub(super) fn map_own(
    memory: Handle,
    first: u64,
    pages: u64,
    protection: Protection,
) -> Result<u64, Error> {
    let (at, (object, size, shown)) =
        with_seat(|seat| Ok((seat.room_for(pages), seat.memory_of(memory)?)))?;
    let (system, process) = here()?;
    let arguments = [0, memory.0.into(), at, first, pages, protection as u64];
    go_on(with_seat(|seat| Ok(seat.call(Syscall::Map as u64, arguments)))?)?;
    let mut blocks = blocks();
    let block = *blocks.of.entry((system, object)).or_insert_with(|| new_block(size));
    // Of the whole block: a pointer to its first page would reach no further.
    let start = crate::raw::address_of(block.as_ptr());
    let address = start + (shown + first) * PAGE_SIZE;
    blocks.mapped.push(Mapped { system, process, address, at });
    Ok(address)
}

/// The system and the process of the calling thread.
fn here() -> Result<(u64, u64), Error> {
    with_seat(|seat| Ok((seat.live().number(), seat.process_number())))
}

fn new_block(pages: u64) -> Block {
    let pages: Vec<Page> = (0..pages).map(|_| Page(UnsafeCell::new([0; 4096]))).collect();
    pages.leak()
}

/// Unmaps for the kernel; the bytes stay: see [`Block`].
///
/// # Safety
/// See [`super::unmap_own`]; here nothing depends on it.
pub(super) unsafe fn unmap_own(address: u64, pages: u64) {
    let Ok((system, process)) = here() else { return };
    let mut blocks = blocks();
    let ours = |it: &Mapped| (it.system, it.process, it.address) == (system, process, address);
    let Some(place) = blocks.mapped.iter().position(ours) else { return };
    let Mapped { at, .. } = blocks.mapped.swap_remove(place);
    drop(blocks);
    // A process that is being taken apart has no mappings any more.
    let _ = with_seat(|seat| Ok(seat.call(Syscall::Unmap as u64, [0, at, pages, 0, 0, 0])));
}
