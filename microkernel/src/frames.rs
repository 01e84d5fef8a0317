//! Frames of 4 KiB: a buddy allocator over one table.
//!
//! Shape: one [`FrameInfo`] per frame of physical memory, indexed by frame number. A free
//! block of 2^order frames is in the list of its order; an allocated one may be part of the
//! [`Chain`] of a memory object. Source: Knowlton, "A fast storage allocator" (1965).
//! Errors: `None` when no block is free. Cost: at most [`ORDERS`] steps.

mod chain;

pub use chain::{Chain, Run};

use crate::arena::Fixed;
use crate::machine::{OwnedFrame, Phys};
use crate::number;

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
    /// The next block of the free list, or of the chain.
    next: u32,
    /// Free: the block before it in the list. In a chain: a block further on, see
    /// [`Frames::extend`].
    other: u32,
    /// In a chain: frames from this block on to its end.
    rest: u32,
    order: u8,
    state: Use,
}

impl FrameInfo {
    /// A frame that the allocator does not own.
    pub fn unusable(_: usize) -> Self {
        Self { next: NONE, other: NONE, rest: 0, order: 0, state: Use::Inner }
    }
}

/// The first frame of an allocated block, owned through this value.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Block(u32);

impl Block {
    /// Where it lies.
    pub fn phys(&self) -> Phys {
        Phys::of_frame(self.0)
    }

    /// The block as a frame with an owner of its own, where it is one frame.
    pub fn into_frame(self) -> OwnedFrame {
        OwnedFrame::taken(self.phys())
    }

    /// The block of one frame.
    pub fn at(frame: OwnedFrame) -> Self {
        Self(number::low32(frame.phys().frame()))
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
        let start = first.frame();
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
        if self.available < 1 << order {
            return None;
        }
        let block = self.take_promised(order)?;
        self.available -= 1 << order;
        Some(Block(block))
    }

    /// Promises frames to a chain that is made later: nothing else gets them. False when there
    /// are not that many.
    pub fn promise(&mut self, frames: u64) -> bool {
        let left = self.available.checked_sub(frames);
        self.available = left.unwrap_or(self.available);
        left.is_some()
    }

    /// Takes a promise back.
    pub fn break_promise(&mut self, frames: u64) {
        self.available += frames;
    }

    /// Takes a block of frames that were promised.
    fn take_promised(&mut self, order: u8) -> Option<u32> {
        let found = (usize::from(order)..ORDERS).find(|order| self.free[*order] != NONE)?;
        let block = self.free[found];
        self.unlink(block, found);
        for split in (usize::from(order)..found).rev() {
            let upper = block + (1 << split);
            self.link(upper, split);
        }
        self.table[block as usize] =
            FrameInfo { next: NONE, other: NONE, rest: 0, order, state: Use::Taken };
        Some(block)
    }

    /// The owner of a frame that was a part of a table, whose table gives it back.
    ///
    /// A machine that gives back what it was not given would free memory that is in use: the books
    /// say whether it was taken as a single frame.
    pub fn reclaim(&mut self, frame: Phys) -> Block {
        let index = number::low32(frame.frame());
        let info = &self.table[index as usize];
        // NOFAIL: a machine gives back only what it was given.
        assert!(info.state == Use::Taken && info.order == 0, "no frame of a table");
        Block(index)
    }

    /// Gives a block back; what it was chained to is no longer reachable through it.
    pub fn release_block(&mut self, block: Block) {
        self.available += 1 << self.table[block.0 as usize].order;
        self.link_merged(block);
    }

    /// Puts a block among the free ones, merged with its free neighbours.
    fn link_merged(&mut self, block: Block) {
        let mut index = block.0;
        let mut order = usize::from(self.table[index as usize].order);
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

    fn link(&mut self, index: u32, order: usize) {
        let next = self.free[order];
        if next != NONE {
            self.table[next as usize].other = index;
        }
        #[expect(clippy::cast_possible_truncation, reason = "orders are below 11")]
        let small = order as u8;
        self.table[index as usize] =
            FrameInfo { next, other: NONE, rest: 0, order: small, state: Use::Free };
        self.free[order] = index;
    }

    fn unlink(&mut self, index: u32, order: usize) {
        let FrameInfo { next, other: previous, .. } = self.table[index as usize];
        if next != NONE {
            self.table[next as usize].other = previous;
        }
        match previous {
            NONE => self.free[order] = next,
            previous => self.table[previous as usize].next = next,
        }
    }
}

/// The largest block that starts at this frame and has at most this number of frames.
fn largest_order(frame: u64, frames: u64) -> u8 {
    let by_place = if frame == 0 { 63 } else { frame.trailing_zeros() };
    let by_size = frames.ilog2();
    #[expect(clippy::cast_possible_truncation, reason = "at most 10")]
    let order = by_place.min(by_size).min(ORDERS as u32 - 1) as u8;
    order
}

#[cfg(test)]
mod tests;
