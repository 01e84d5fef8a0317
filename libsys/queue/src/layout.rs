//! Where everything lies in the memory, and the arithmetic of the indices. Pure.

use sys::PAGE_SIZE;

/// The first word, so that a memory object of another use is noticed.
pub(crate) const MAGIC: u32 = 0x5155_4531;
/// Offsets of the words that the creator writes once.
pub(crate) const MAGIC_AT: usize = 0;
pub(crate) const SLOTS_AT: usize = 4;
pub(crate) const SLOT_BYTES_AT: usize = 8;
/// Which bit of its bell each side wants to be rung.
pub(crate) const CREATOR_BELL_AT: usize = 12;
pub(crate) const OTHER_BELL_AT: usize = 16;
/// Words of the producer, in a cache line of their own.
pub(crate) const PRODUCER_AT: usize = 64;
/// Words of the consumer.
pub(crate) const CONSUMER_AT: usize = 128;
/// From a side's words: its index, whether it sleeps, whether it has closed.
pub(crate) const INDEX: usize = 0;
pub(crate) const SLEEPS: usize = 4;
pub(crate) const CLOSED: usize = 8;
const RING_AT: usize = 192;
/// Before the bytes of an item: its length.
pub(crate) const LENGTH_BYTES: usize = 4;

/// The size of the ring. Agreed on once, kept outside of the shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) slots: u32,
    pub(crate) slot_bytes: u32,
}

impl Geometry {
    /// Refuses sizes that no ring can have. Slots are a power of two, so that indices may
    /// wrap around.
    pub(crate) fn new(slots: u32, slot_bytes: u32) -> Option<Self> {
        let fits =
            slots.is_power_of_two() && slots <= 1 << 16 && (1..=1 << 16).contains(&slot_bytes);
        fits.then_some(Self { slots, slot_bytes })
    }

    /// From one slot to the next.
    fn stride(self) -> u64 {
        (u64::from(self.slot_bytes) + LENGTH_BYTES as u64).next_multiple_of(8)
    }

    /// Pages that the queue needs.
    pub(crate) fn pages(self) -> u64 {
        (RING_AT as u64 + self.stride() * u64::from(self.slots)).div_ceil(PAGE_SIZE)
    }

    /// Where the slot of an index is; inside the pages for every index.
    pub(crate) fn slot_at(self, index: u32) -> usize {
        let place = u64::from(index & (self.slots - 1)) * self.stride();
        RING_AT + usize::try_from(place).unwrap_or(0)
    }

    /// The number of items between the indices; `None` when the ring has fewer slots.
    pub(crate) fn used(self, head: u32, tail: u32) -> Option<u32> {
        Some(head.wrapping_sub(tail)).filter(|used| *used <= self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::{Geometry, LENGTH_BYTES};

    #[test]
    fn impossible_sizes_are_refused() {
        for (slots, bytes) in [(0, 8), (3, 8), (1 << 17, 8), (8, 0), (8, (1 << 16) + 1)] {
            assert_eq!(Geometry::new(slots, bytes), None, "{slots} slots of {bytes}");
        }
    }

    #[test]
    fn every_slot_lies_inside_and_apart() {
        // Fewer where each instruction is interpreted.
        let most = if cfg!(miri) { 1 << 6 } else { 1 << 16 };
        for (slots, bytes) in [(1, 1), (8, 3), (64, 100), (most, 4), (2, 1 << 16)] {
            let geometry = Geometry::new(slots, bytes).unwrap();
            let mut end = 0;
            for index in 0..slots {
                let at = geometry.slot_at(index);
                assert!(at >= end && at.is_multiple_of(8));
                end = at + LENGTH_BYTES + bytes as usize;
            }
            assert!(end as u64 <= geometry.pages() * 4096);
            assert_eq!(geometry.slot_at(slots), geometry.slot_at(0));
        }
    }

    #[test]
    fn indices_that_cannot_be_are_noticed() {
        let geometry = Geometry::new(8, 8).unwrap();
        assert_eq!(geometry.used(5, 5), Some(0));
        assert_eq!(geometry.used(3, u32::MAX), Some(4));
        assert_eq!(geometry.used(9, 0), None);
        assert_eq!(geometry.used(0, 1), None);
    }
}
