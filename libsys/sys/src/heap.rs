//! The heap: one range of addresses that grows at its end.

use crate::lock::Lock;
use crate::raw::{argument, with_memory};
use crate::{Error, Memory, PAGE_SIZE, Protection};
use abi::{HEAP_BASE, MAP_BASE, Syscall};
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};
use talc::DefaultBinning;
use talc::base::{CHUNK_UNIT, Talc};
use talc::source::Manual;

/// Pages that it grows by, when the quota has them.
const STEP_PAGES: u64 = 16;
/// Pages from which on it grows by an eighth: each growth is an object, of which a quota has few.
const LARGE_PAGES: u64 = 1024;
/// What the allocator needs beside a block: its table, once, and the tags around a block.
const OVERHEAD_BYTES: u64 = (talc::min_first_heap_size::<DefaultBinning>() + CHUNK_UNIT) as u64;

/// A growing heap, to be the `#[global_allocator]`.
pub struct Heap(Lock<Growing>);

struct Growing {
    blocks: Talc<Manual, DefaultBinning>,
    /// The end of what `blocks` has; none: it has nothing yet.
    end: Option<NonNull<u8>>,
    pages: u64,
}

// SAFETY: `end` and the list of free blocks point into heap memory that only this value uses.
unsafe impl Send for Growing {}

impl Heap {
    /// Empty: the first allocation makes it grow.
    #[must_use]
    pub const fn new() -> Self {
        Self(Lock::new(Growing { blocks: Talc::new(Manual), end: None, pages: 0 }))
    }

    /// The number of pages mapped for it.
    pub fn pages(&self) -> u64 {
        self.0.lock().pages
    }
}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: 1. blocks come from `talc` under a lock, so no two overlap, and have the size and
// alignment of the layout. 2. memory it manages is mapped once, by `grow`, and never unmapped.
// 3. nothing here panics: running out returns null.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller asks for at least a byte.
        unsafe { self.0.lock().allocate(layout) }.map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller got the block from here with this layout.
        unsafe { self.0.lock().blocks.deallocate(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let mut growing = self.0.lock();
        // SAFETY: the caller got the block from here with this layout; `size` is not 0.
        if unsafe { growing.blocks.try_realloc_in_place(block, layout, size) } {
            return block;
        }
        // SAFETY: the caller's size does not overflow when rounded up to the alignment.
        let larger = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: as above, `size` is not 0.
        let Some(moved) = (unsafe { growing.allocate(larger) }) else { return ptr::null_mut() };
        // SAFETY: 1. two blocks do not overlap; the new one is larger, since a smaller one is
        // made in place. 2. as in `dealloc`.
        unsafe {
            ptr::copy_nonoverlapping(block, moved.as_ptr(), layout.size());
            growing.blocks.deallocate(block, layout);
        }
        moved.as_ptr()
    }
}

impl Growing {
    /// A block; the heap grows when it has none.
    ///
    /// # Safety
    /// The size is not 0.
    unsafe fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the caller's duty.
        unsafe { self.blocks.try_allocate(layout) }.or_else(|| {
            self.grow(layout).ok()?;
            // SAFETY: the caller's duty.
            unsafe { self.blocks.try_allocate(layout) }
        })
    }

    /// Grows by a step, or by just enough when the quota allows no more.
    fn grow(&mut self, layout: Layout) -> Result<(), Error> {
        let bytes = (layout.size() as u64)
            .checked_add(layout.align() as u64 + OVERHEAD_BYTES)
            .ok_or(Error::OutOfMemory)?;
        let needed = bytes.div_ceil(PAGE_SIZE);
        let step = if self.pages < LARGE_PAGES { STEP_PAGES } else { self.pages / 8 };
        self.add(needed.max(step)).or_else(|_| self.add(needed))
    }

    fn add(&mut self, pages: u64) -> Result<(), Error> {
        let start = HEAP_BASE + self.pages * PAGE_SIZE;
        let bytes = pages.checked_mul(PAGE_SIZE).ok_or(Error::OutOfMemory)?;
        if bytes > MAP_BASE - start {
            return Err(Error::OutOfMemory);
        }
        let memory = Memory::create(pages)?;
        let arguments =
            [0, argument(memory.handle()), start, 0, pages, Protection::ReadWrite as u64];
        // SAFETY: the range is the heap's own and lies behind all that was mapped before.
        unsafe { with_memory(Syscall::Map, arguments) }?;
        self.extend(start, usize::try_from(bytes).map_err(|_| Error::OutOfMemory)?);
        self.pages += pages;
        Ok(())
    }

    fn extend(&mut self, start: u64, bytes: usize) {
        let Ok(address) = usize::try_from(start) else { return };
        let bottom = ptr::with_exposed_provenance_mut::<u8>(address);
        // SAFETY: 1. these bytes were just mapped, for good, and nothing uses them. 2. they
        // begin where the bytes before them end.
        self.end = unsafe {
            match self.end {
                None => self.blocks.claim(bottom, bytes),
                Some(end) => Some(self.blocks.extend(end, bottom.wrapping_add(bytes))),
            }
        };
    }
}
