//! Where everything lies in the memory, and the arithmetic of the indices. Pure.

use sys::PAGE_SIZE;

/// Offsets of the words that the creator writes once. The first says what the memory is used for.
pub(crate) const MAGIC_AT: usize = 0;
pub(crate) const SLOTS_AT: usize = 4;
/// Sizes of a slot of the first and of the second ring; 0 when there is none.
pub(crate) const SLOT_BYTES_AT: usize = 8;
pub(crate) const BACK_BYTES_AT: usize = 12;
/// Which bit of its bell each side wants to be rung.
pub(crate) const CREATOR_BELL_AT: usize = 16;
pub(crate) const OTHER_BELL_AT: usize = 20;
/// Whether each side has closed.
pub(crate) const CREATOR_CLOSED_AT: usize = 24;
pub(crate) const OTHER_CLOSED_AT: usize = 28;
/// The creator's number for this life of the rings.
pub(crate) const EPOCH_AT: usize = 32;
/// Words of the first ring's producer and of its consumer, each in a cache line of its own.
pub(crate) const PRODUCER_AT: usize = 64;
pub(crate) const CONSUMER_AT: usize = 128;
/// From a side's words: its index, whether it sleeps.
pub(crate) const INDEX: usize = 0;
pub(crate) const SLEEPS: usize = 4;
/// From the words of one ring to those of the next.
const RING_WORDS: usize = 128;
/// Before the bytes of an item: its length.
pub(crate) const LENGTH_BYTES: usize = 4;
/// The most slots of a ring, and bytes of a slot.
const MOST: u32 = 1 << 16;

/// What the slots hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One ring: lengths and items in postcard.
    Items,
    /// One ring: records of a fixed layout.
    Records,
    /// Two rings of records, one for each direction.
    Pair,
}

impl Form {
    /// Is the first word, so that a memory object of another use is noticed.
    pub(crate) fn magic(self) -> u32 {
        match self {
            Self::Items => 0x5155_4531,
            Self::Records => 0x5155_4532,
            Self::Pair => 0x5155_4533,
        }
    }

    fn prefix(self) -> u32 {
        if self == Self::Items { 4 } else { 0 }
    }
}

/// What the creator says of the memory. Agreed on once, kept outside of the shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) form: Form,
    /// The ring from the creator or from the producer; the one back, which only a pair has.
    pub(crate) rings: [Geometry; 2],
}

impl Layout {
    /// Refuses sizes that no ring can have. Slots are a power of two, so that indices may
    /// wrap around. `bytes` of the second ring are 0 when there is only one.
    pub(crate) fn new(form: Form, slots: u32, bytes: [u32; 2]) -> Option<Self> {
        let good = |bytes: &u32| (1..=MOST).contains(bytes);
        let pair = form == Form::Pair;
        let fits = slots.is_power_of_two()
            && slots <= MOST
            && good(&bytes[0])
            && if pair { good(&bytes[1]) } else { bytes[1] == 0 };
        let start = PRODUCER_AT + if pair { 2 * RING_WORDS } else { RING_WORDS };
        let ring = |words, at, slot_bytes| Geometry {
            slots,
            slot_bytes,
            prefix: form.prefix(),
            words,
            at,
        };
        let first = ring(PRODUCER_AT, start, bytes[0]);
        let second = ring(PRODUCER_AT + RING_WORDS, first.end().next_multiple_of(64), bytes[1]);
        fits.then_some(Self { form, rings: [first, second] })
    }

    /// Pages that the rings need.
    pub(crate) fn pages(&self) -> u64 {
        let end = self.rings[if self.form == Form::Pair { 1 } else { 0 }].end();
        (end as u64).div_ceil(PAGE_SIZE)
    }
}

/// One ring in the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) slots: u32,
    pub(crate) slot_bytes: u32,
    /// Bytes before an item.
    prefix: u32,
    /// Where the words of its producer are; those of its consumer are one cache line further.
    words: usize,
    /// Where its slots begin.
    at: usize,
}

impl Geometry {
    /// Where the words of a side are.
    pub(crate) fn words_of(self, producer: bool) -> usize {
        self.words + if producer { 0 } else { CONSUMER_AT - PRODUCER_AT }
    }

    /// From one slot to the next.
    pub(crate) fn stride(self) -> usize {
        ((self.slot_bytes + self.prefix) as usize).next_multiple_of(8)
    }

    fn end(self) -> usize {
        self.at.saturating_add(self.stride().saturating_mul(self.slots as usize))
    }

    /// The place of an index among the slots.
    pub(crate) fn place(self, index: u32) -> u32 {
        index & (self.slots - 1)
    }

    /// Where the slot of an index is; inside the pages for every index.
    pub(crate) fn slot_at(self, index: u32) -> usize {
        self.at + self.place(index) as usize * self.stride()
    }

    /// The number of items between the indices; `None` when the ring has fewer slots.
    pub(crate) fn used(self, head: u32, tail: u32) -> Option<u32> {
        Some(head.wrapping_sub(tail)).filter(|used| *used <= self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, LENGTH_BYTES, Layout, MOST};

    #[test]
    fn impossible_sizes_are_refused() {
        for (slots, bytes) in [(0, 8), (3, 8), (1 << 17, 8), (8, 0), (8, (1 << 16) + 1)] {
            let items = Layout::new(Form::Items, slots, [bytes, 0]);
            assert_eq!(items, None, "{slots} slots of {bytes}");
            assert_eq!(Layout::new(Form::Pair, slots, [bytes, 8]), None);
        }
        assert_eq!(Layout::new(Form::Records, 8, [8, 8]), None, "one ring has no second size");
        for back in [0, MOST + 1] {
            assert_eq!(Layout::new(Form::Pair, 8, [8, back]), None);
        }
    }

    #[test]
    fn every_slot_lies_inside_and_apart() {
        // Fewer where each instruction is interpreted.
        let most = if cfg!(miri) { 1 << 6 } else { 1 << 16 };
        for (slots, bytes) in [(1, 1), (8, 3), (64, 100), (most, 4), (2, 1 << 16)] {
            for (form, bytes) in
                [(Form::Items, [bytes, 0]), (Form::Records, [bytes, 0]), (Form::Pair, [bytes, 5])]
            {
                check(Layout::new(form, slots, bytes).unwrap());
            }
        }
    }

    fn check(layout: Layout) {
        let rings = &layout.rings[..if layout.form == Form::Pair { 2 } else { 1 }];
        let mut end = rings.iter().map(|ring| ring.words_of(false) + 64).max().unwrap();
        for ring in rings {
            for index in 0..ring.slots {
                let at = ring.slot_at(index);
                assert!(at >= end && at.is_multiple_of(8));
                let length = if layout.form == Form::Items { LENGTH_BYTES } else { 0 };
                end = at + length + ring.slot_bytes as usize;
            }
            assert_eq!(ring.slot_at(ring.slots), ring.slot_at(0));
        }
        assert!(end as u64 <= layout.pages() * 4096);
    }

    #[test]
    fn indices_that_cannot_be_are_noticed() {
        let [ring, _] = Layout::new(Form::Items, 8, [8, 0]).unwrap().rings;
        assert_eq!(ring.used(5, 5), Some(0));
        assert_eq!(ring.used(3, u32::MAX), Some(4));
        assert_eq!(ring.used(9, 0), None);
        assert_eq!(ring.used(0, 1), None);
    }
}
