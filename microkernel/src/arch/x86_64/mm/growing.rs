//! Slices that grow: the kernel's objects.
//!
//! Shape: each slice has an address range of its own, far longer than memory is, with frames
//! behind it as far as the slice goes. So nothing moves when it grows, and a look-up costs what
//! it costs in any slice. The tables above are made with the frames; the range's top-level table
//! was there before there were other spaces, so all of them see what is mapped later. No TLB
//! flush is needed: no CPU caches a page that is not present.

use super::entry::Entry;
use super::layout::GROWING;
use super::table::{ROOT_LEVEL, Table, span};
use crate::arch::x86_64::index;
use abi::{PAGE_SIZE, Protection};
use core_kernel::machine::{NoFrame, Phys};
use heapless::Vec;

/// The addresses of one slice.
const RANGE: u64 = 16 << 30;
/// The most slices: the ranges in a top-level table.
const SLICES: usize = 32;

/// How far a slice has grown.
#[derive(Clone, Copy)]
struct Extent {
    len: usize,
    pages: u64,
}

/// All slices.
///
/// Invariant: for each extent there is one `&'static mut` slice, of its length, at the start of
/// its range; its pages are mapped, to frames that nothing else uses, and none behind them.
pub(crate) struct Slices {
    root: Table,
    extents: Vec<Extent, SLICES>,
}

impl Slices {
    /// None yet, in this root and all that share the kernel's half with it.
    pub(crate) fn new(root: Table) -> Self {
        Self { root, extents: Vec::new() }
    }

    /// A new one, empty.
    pub(crate) fn reserve<T: 'static>(&mut self) -> &'static mut [T] {
        const { assert!(align_of::<T>() as u64 <= PAGE_SIZE && size_of::<T>() > 0) };
        let start = start(self.extents.len());
        // NOFAIL: the core asks at boot for fewer than there are.
        assert!(self.extents.push(Extent { len: 0, pages: 0 }).is_ok(), "no more growing slices");
        // SAFETY: no element; the pointer is aligned to a page and so for `T`, and not null.
        unsafe { core::slice::from_raw_parts_mut(start, 0) }
    }

    /// The page that makes this one longer; none: its range is at its end.
    pub(crate) fn next_page<T>(&self, slice: &[T]) -> Option<u64> {
        let number = self.number_of(slice);
        let pages = self.extents[number].pages;
        (pages < RANGE / PAGE_SIZE).then(|| range(number) + pages * PAGE_SIZE)
    }

    /// Maps the next page, whose tables are there, to this frame, and makes the slice longer.
    ///
    /// # Safety
    /// The frame is RAM in the physmap that nothing else uses, now or later.
    pub(crate) unsafe fn extend<T: 'static>(
        &mut self,
        slice: &mut &'static mut [T],
        make: fn(usize) -> T,
        frame: Phys,
    ) -> Result<(), NoFrame> {
        const { assert!(size_of::<T>() as u64 <= PAGE_SIZE) };
        let page = self.next_page(slice).ok_or(NoFrame)?;
        let number = self.number_of(slice);
        let Extent { len, pages } = self.extents[number];
        let leaf = Entry::kernel(frame, Protection::ReadWrite, false);
        // SAFETY: the caller's promise; the page lies in the slice's own range, behind what is
        // mapped there.
        unsafe { self.root.put(page, 0, leaf, || None)? };
        let pages = pages + 1;
        let longer = index(pages * PAGE_SIZE) / size_of::<T>();
        let first: *mut T = start(number);
        for position in len..longer {
            // SAFETY: 1. By the invariant and the page just mapped, all bytes of the first `pages`
            // pages are there, and elements up to `longer` lie in them. 2. Behind the slice
            // nothing lives yet, so nothing is overwritten.
            unsafe { first.add(position).write(make(position)) };
        }
        self.extents[number] = Extent { len: longer, pages };
        // SAFETY: 1. `longer` elements are there: those of the slice, and those just written.
        // 2. The slice that was there until now is given up here, so this is the only one.
        // 3. What a slice has is never unmapped, so 'static.
        *slice = unsafe { core::slice::from_raw_parts_mut(first, longer) };
        Ok(())
    }

    /// Which one this is. Only a whole slice of [`Slices::reserve`] passes.
    fn number_of<T>(&self, slice: &[T]) -> usize {
        let offset = (slice.as_ptr().addr() as u64).wrapping_sub(GROWING);
        let number = index(offset / RANGE);
        let whole = self.extents.get(number).is_some_and(|extent| extent.len == slice.len());
        assert!(whole && offset.is_multiple_of(RANGE), "not a growing slice");
        number
    }
}

fn range(number: usize) -> u64 {
    GROWING + number as u64 * RANGE
}

fn start<T>(number: usize) -> *mut T {
    core::ptr::with_exposed_provenance_mut(index(range(number)))
}

const _: () = assert!(SLICES as u64 * RANGE <= span(ROOT_LEVEL));
