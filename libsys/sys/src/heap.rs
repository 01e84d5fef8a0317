//! The heap: one range of addresses that grows at its end.

use crate::lock::Lock;
use crate::raw::{argument, with_memory};
use crate::{Error, Memory, PAGE_SIZE, Protection};
use abi::{HEAP_BASE, MAP_BASE, Syscall};
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

/// Pages that it grows by, when the quota has them.
const STEP_PAGES: u64 = 16;
/// Room for the allocator's own notes when a single allocation makes the heap grow.
const SLACK_BYTES: u64 = 64;

/// A growing heap, to be the `#[global_allocator]`.
pub struct Heap(Lock<Grown>);

struct Grown {
    free: linked_list_allocator::Heap,
    pages: u64,
}

// SAFETY: the list of free blocks holds pointers into heap memory that only it uses.
unsafe impl Send for Grown {}

impl Heap {
    /// Empty: the first allocation makes it grow.
    #[must_use]
    pub const fn new() -> Self {
        Self(Lock::new(Grown { free: linked_list_allocator::Heap::empty(), pages: 0 }))
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.0.lock().free.used()
    }

    /// Pages that it has taken.
    pub fn pages(&self) -> u64 {
        self.0.lock().pages
    }
}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: 1. blocks come from `linked_list_allocator` under a lock, so no two overlap, and
// have the size and alignment of the layout. 2. memory it manages is mapped once, by
// `grow`, and never unmapped. 3. nothing here panics: running out returns null.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mut grown = self.0.lock();
        let block = grown.free.allocate_first_fit(layout).or_else(|()| {
            grown.grow(layout).map_err(|_| ())?;
            grown.free.allocate_first_fit(layout)
        });
        block.map_or(core::ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(block) = NonNull::new(block) {
            // SAFETY: the caller got the block from `alloc` with this layout.
            unsafe { self.0.lock().free.deallocate(block, layout) };
        }
    }
}

impl Grown {
    /// Grows by a step, or by just enough when the quota allows no more.
    fn grow(&mut self, layout: Layout) -> Result<(), Error> {
        let bytes = (layout.size() as u64)
            .checked_add(layout.align() as u64 + SLACK_BYTES)
            .ok_or(Error::OutOfMemory)?;
        let needed = bytes.div_ceil(PAGE_SIZE);
        self.add(needed.max(STEP_PAGES)).or_else(|_| self.add(needed))
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
        self.hand_over(start, usize::try_from(bytes).map_err(|_| Error::OutOfMemory)?);
        self.pages += pages;
        Ok(())
    }

    fn hand_over(&mut self, start: u64, bytes: usize) {
        let Ok(address) = usize::try_from(start) else { return };
        // SAFETY: 1. these bytes were just mapped, for good, and nothing uses them.
        // 2. the first time the heap is empty, as `init` asks; later the new bytes follow
        // the old ones without a gap, as `extend` asks.
        unsafe {
            if self.pages == 0 {
                let bottom = core::ptr::with_exposed_provenance_mut(address);
                self.free.init(bottom, bytes);
            } else {
                self.free.extend(bytes);
            }
        }
    }
}
