//! Frames of 4 KiB: a buddy allocator over one table.
//!
//! Shape: one [`FrameInfo`] per frame of physical memory, indexed by frame number. A free
//! block of 2^order frames is in the list of its order; an allocated one may be chained to
//! the next block of the same memory object. Source: Knowlton, "A fast storage allocator" (1965).
//! Errors: `None` when no block is free. Cost: at most [`ORDERS`] steps.

use crate::arena::Fixed;
use crate::machine::Phys;
use crate::number;
use abi::PAGE_SIZE;

/// Block sizes: 2^0 to 2^10 frames (4 KiB to 4 MiB).
pub const ORDERS: usize = 11;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Use {
    /// Not the first frame of a block, or no usable memory at all.
    Inner,
    Free,
    Taken,
}

/// What is known of one frame; meaningful for the first of a block.
#[derive(Clone, Copy, Debug, Hash)]
pub struct FrameInfo {
    next: u32,
    previous: u32,
    order: u8,
    state: Use,
}

impl FrameInfo {
    /// A frame that the allocator does not own.
    pub fn unusable(_: usize) -> Self {
        Self { next: NONE, previous: NONE, order: 0, state: Use::Inner }
    }
}

/// The first frame of an allocated block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block(u32);

impl Block {
    /// Where it lies.
    pub fn phys(self) -> Phys {
        Phys(u64::from(self.0) * PAGE_SIZE)
    }

    /// The block that starts at this address, as `phys` gave it.
    pub fn at(phys: Phys) -> Self {
        Self(number::low32(phys.0 / PAGE_SIZE))
    }
}

/// The allocator.
#[derive(Debug, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct Frames {
    table: Fixed<FrameInfo>,
    free: [u32; ORDERS],
    total: u64,
    available: u64,
}

impl Frames {
    /// Owns nothing yet; the table covers all frame numbers that may be added.
    pub fn new(table: Fixed<FrameInfo>) -> Self {
        Self { table, free: [NONE; ORDERS], total: 0, available: 0 }
    }

    /// Frames it was given.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Frames that are free.
    pub fn available(&self) -> u64 {
        self.available
    }

    /// Takes over usable memory. Frames beyond the table are left out.
    pub fn add(&mut self, first: Phys, frames: u64) {
        let start = first.0 / PAGE_SIZE;
        let end = (start + frames).min(self.table.len() as u64);
        let mut frame = start;
        while frame < end {
            let order = largest_order(frame, end - frame);
            let index = number::low32(frame);
            self.table[index as usize].order = order;
            self.total += 1 << order;
            self.release_block(Block(index));
            frame += 1 << order;
        }
    }

    /// Takes a block of 2^order frames.
    pub fn take(&mut self, order: u8) -> Option<Block> {
        let found = (usize::from(order)..ORDERS).find(|order| self.free[*order] != NONE)?;
        let block = self.free[found];
        self.unlink(block, found);
        for split in (usize::from(order)..found).rev() {
            let upper = block + (1 << split);
            self.link(upper, split);
        }
        self.table[block as usize] =
            FrameInfo { next: NONE, previous: NONE, order, state: Use::Taken };
        self.available -= 1 << order;
        Some(Block(block))
    }

    /// Gives a block back; what it was chained to is no longer reachable through it.
    pub fn release_block(&mut self, block: Block) {
        let mut index = block.0;
        let mut order = usize::from(self.table[index as usize].order);
        self.available += 1 << order;
        while order + 1 < ORDERS {
            let buddy = index ^ (1 << order);
            let free = self
                .table
                .get(buddy as usize)
                .is_some_and(|info| info.state == Use::Free && usize::from(info.order) == order);
            if !free {
                break;
            }
            self.unlink(buddy, order);
            self.table[index.max(buddy) as usize].state = Use::Inner;
            index = index.min(buddy);
            order += 1;
        }
        self.link(index, order);
    }

    /// The frames of a block.
    pub fn len_of(&self, block: Block) -> u64 {
        1 << self.table[block.0 as usize].order
    }

    /// The block chained after this one.
    pub fn next_of(&self, block: Block) -> Option<Block> {
        let next = self.table[block.0 as usize].next;
        (next != NONE).then_some(Block(next))
    }

    /// Takes exactly so many frames as a chain of blocks, large ones first. All or nothing.
    pub fn take_chain(&mut self, frames: u64) -> Option<Block> {
        if frames == 0 || frames > self.available {
            return None;
        }
        let mut first: Option<Block> = None;
        let mut last: Option<Block> = None;
        let mut left = frames;
        while left > 0 {
            let wanted = largest_order(0, left);
            // NOFAIL: `left` is at most `available`, so a block of some order is free.
            let block = (0..=wanted).rev().find_map(|order| self.take(order))?;
            left -= self.len_of(block);
            match last {
                Some(last) => self.table[last.0 as usize].next = block.0,
                None => first = Some(block),
            }
            last = Some(block);
        }
        first
    }

    /// Gives a chain back.
    pub fn release_chain(&mut self, first: Block) {
        let mut next = Some(first);
        while let Some(block) = next {
            next = self.next_of(block);
            self.release_block(block);
        }
    }

    fn link(&mut self, index: u32, order: usize) {
        let next = self.free[order];
        if next != NONE {
            self.table[next as usize].previous = index;
        }
        #[expect(clippy::cast_possible_truncation, reason = "orders are below 11")]
        let small = order as u8;
        self.table[index as usize] =
            FrameInfo { next, previous: NONE, order: small, state: Use::Free };
        self.free[order] = index;
    }

    fn unlink(&mut self, index: u32, order: usize) {
        let FrameInfo { next, previous, .. } = self.table[index as usize];
        if next != NONE {
            self.table[next as usize].previous = previous;
        }
        match previous {
            NONE => self.free[order] = next,
            previous => self.table[previous as usize].next = next,
        }
    }
}

/// The largest block that starts at this frame and has at most so many frames.
fn largest_order(frame: u64, frames: u64) -> u8 {
    let by_place = if frame == 0 { 63 } else { frame.trailing_zeros() };
    let by_size = frames.ilog2();
    #[expect(clippy::cast_possible_truncation, reason = "at most 10")]
    let order = by_place.min(by_size).min(ORDERS as u32 - 1) as u8;
    order
}

#[cfg(test)]
mod tests {
    use super::{FrameInfo, Frames};
    use crate::machine::Phys;

    fn frames(first: u64, count: u64) -> Frames {
        let mut frames = Frames::new((0..4096).map(FrameInfo::unusable).collect());
        frames.add(Phys(first * 4096), count);
        frames
    }

    #[test]
    fn odd_ranges_are_owned_whole() {
        let frames = frames(3, 1000);
        assert_eq!((frames.total(), frames.available()), (1000, 1000));
    }

    #[test]
    fn everything_taken_comes_back_and_merges() {
        let mut frames = frames(0, 2048);
        let mut taken = Vec::new();
        while let Some(block) = frames.take(0) {
            taken.push(block);
        }
        assert_eq!(taken.len(), 2048);
        assert_eq!(frames.available(), 0);
        for block in taken {
            frames.release_block(block);
        }
        assert!(frames.take(10).is_some() && frames.take(10).is_some(), "merged to the top");
    }

    #[test]
    fn a_chain_has_exactly_the_frames_asked_for() {
        let mut frames = frames(1, 1500);
        let first = frames.take_chain(777).unwrap();
        assert_eq!(frames.available(), 723);
        let mut sum = 0;
        let mut next = Some(first);
        while let Some(block) = next {
            sum += frames.len_of(block);
            next = frames.next_of(block);
        }
        assert_eq!(sum, 777);
        frames.release_chain(first);
        assert_eq!(frames.available(), 1500);
        assert!(frames.take_chain(1501).is_none(), "too much is refused whole");
        assert_eq!(frames.available(), 1500);
    }

    #[test]
    fn blocks_never_overlap() {
        let mut frames = frames(5, 600);
        let mut seen = std::collections::BTreeSet::new();
        for order in [0, 3, 1, 5, 2, 0, 7, 4, 0] {
            let block = frames.take(order).unwrap();
            for frame in 0..frames.len_of(block) {
                assert!(seen.insert(block.phys().0 / 4096 + frame));
            }
        }
    }
}
