//! Memory.

use super::super::loose;
use alloc::alloc::Layout;

/// A block; 0 when there is none.
pub(in super::super) extern "C" fn alloc(size: u64, align: u64) -> u64 {
    // SAFETY: `layout` has no size of 0.
    layout(size, align).map_or(0, |layout| address(unsafe { alloc::alloc::alloc(layout) }))
}

/// A block of zeros; 0 when there is none.
pub(in super::super) extern "C" fn alloc_zeroed(size: u64, align: u64) -> u64 {
    // SAFETY: `layout` has no size of 0.
    layout(size, align).map_or(0, |layout| address(unsafe { alloc::alloc::alloc_zeroed(layout) }))
}

/// The block with another size, perhaps elsewhere; 0 when there is none: then it is as it was.
pub(in super::super) unsafe extern "C" fn realloc(
    block: u64,
    size: u64,
    align: u64,
    new: u64,
) -> u64 {
    let (Some(old), Some(larger)) = (layout(size, align), layout(new, align)) else { return 0 };
    // SAFETY: the library gives a block of `alloc` with its layout, as `GlobalAlloc` has it.
    address(unsafe { alloc::alloc::realloc(pointer(block), old, larger.size()) })
}

/// Frees a block; one without a layout is a list that this crate made.
pub(in super::super) unsafe extern "C" fn dealloc(block: u64, size: u64, align: u64) {
    if align == 0 {
        loose::free(block);
    } else if let Some(layout) = layout(size, align) {
        // SAFETY: as in `realloc`.
        unsafe { alloc::alloc::dealloc(pointer(block), layout) };
    }
}

fn layout(size: u64, align: u64) -> Option<Layout> {
    let (size, align) = (usize::try_from(size).ok()?, usize::try_from(align).ok()?);
    Layout::from_size_align(size, align).ok().filter(|_| size > 0)
}

fn address(block: *mut u8) -> u64 {
    block.expose_provenance() as u64
}

fn pointer(block: u64) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(usize::try_from(block).unwrap_or(0))
}
