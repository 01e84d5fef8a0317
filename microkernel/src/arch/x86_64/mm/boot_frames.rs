//! Frames at boot: taken for good, in order, before the core manages the rest.

use super::physmap;
use super::range::{REGIONS, Range};
use crate::arch::x86_64::debug::fail;
use crate::arch::x86_64::index;
use abi::PAGE_SIZE;
use core_kernel::machine::{BootMemory, Phys};
use heapless::Vec;

/// Only memory below this is taken at boot: the first page tables map no more.
const REACHABLE_END: u64 = 4 << 30;

/// Takes frames from the front of the free ranges.
pub(crate) struct BootFrames {
    free: Vec<Range, REGIONS>,
}

impl BootFrames {
    /// The frames of these ranges, which nothing else uses.
    pub(crate) fn new(free: Vec<Range, REGIONS>) -> Self {
        Self { free }
    }

    /// Frames in a row, zeroed.
    pub(crate) fn take(&mut self, frames: u64) -> Phys {
        let bytes = frames * PAGE_SIZE;
        let fits = |range: &&mut Range| {
            range.end - range.start >= bytes && range.start + bytes <= REACHABLE_END
        };
        let Some(range) = self.free.iter_mut().find(fits) else {
            fail(format_args!("not enough memory: no {frames} frames in a row"))
        };
        let first = Phys::from_entry(range.start);
        range.start += bytes;
        // SAFETY: 1. The range is free RAM that nothing else uses, and was just taken out.
        // 2. It is below 4 GiB, which every page table so far maps.
        unsafe { physmap::zero(first, frames) };
        first
    }

    /// What is left, for the core.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (Phys, u64)> + '_ {
        let filled = self.free.iter().filter(|range| range.start < range.end);
        filled.map(|range| (Phys::from_entry(range.start), (range.end - range.start) / PAGE_SIZE))
    }
}

impl BootMemory for BootFrames {
    fn slice<T: 'static>(&mut self, len: usize, make: fn(usize) -> T) -> &'static mut [T] {
        const { assert!(align_of::<T>() <= 4096) };
        let bytes = len * size_of::<T>();
        let first = self.take((bytes as u64).div_ceil(PAGE_SIZE));
        let start: *mut T = physmap::pointer(first).cast();
        for position in 0..len {
            // SAFETY: inside the frames just taken, which nothing else can reach.
            unsafe { start.add(position).write(make(position)) };
        }
        // SAFETY: `len` values were just written there; page alignment is enough for
        // `T` by the assertion above; boot frames are never given back, so 'static.
        unsafe { core::slice::from_raw_parts_mut(start, index(len as u64)) }
    }

    fn frame(&mut self) -> Phys {
        self.take(1)
    }
}
