//! Chains: the frames of memory objects.
//!
//! Shape: a chain's blocks are linked by `next` through the table of frames. A block's `other` is a
//! jump: over 1, 3, 7, ... blocks, by the number of blocks behind it in skew binary notation.
//! Source: Myers, "An applicative random-access stack" (1983).
//! Cost: a page is found in a number of steps that grows with the logarithm of the blocks.

use super::{Block, FrameInfo, Frames, NONE, ORDERS, Use, largest_order};
use crate::machine::Phys;

/// The blocks of a memory object, in the order of its pages. It is made from the last page to the
/// first, a block at a time, and taken apart from the first to the last. It owns them.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct Chain {
    first: u32,
    frames: u32,
    blocks: u32,
}

impl Default for Chain {
    fn default() -> Self {
        Self { first: NONE, frames: 0, blocks: 0 }
    }
}

impl Chain {
    /// Its frames.
    pub fn len(&self) -> u64 {
        self.frames.into()
    }

    /// Whether it has no block.
    pub fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    /// Its blocks.
    pub fn blocks(&self) -> u32 {
        self.blocks
    }
}

/// Frames of a chain that lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first of them.
    pub place: Phys,
    /// How many.
    pub frames: u64,
    /// The block behind them, or [`NONE`].
    next: u32,
}

impl Frames {
    /// Puts a block before the others of a chain that still lacks `missing` promised frames. Its
    /// place in the object is a multiple of its size, so that large pages fit. Returns its frames.
    pub fn extend(&mut self, chain: &mut Chain, missing: u64) -> Option<Run> {
        let wanted = largest_order(missing, missing.max(1));
        // NOFAIL: they were promised, so a block of some order is free.
        let block = (0..=wanted).rev().find_map(|order| self.take_promised(order))?;
        Some(self.put_first(chain, block))
    }

    /// Makes a chain of promised frames that lie together, in blocks as [`Frames::extend`] chooses
    /// them. `None`: no free block is large enough, and nothing was taken.
    pub fn take_together(&mut self, frames: u32) -> Option<Chain> {
        let order = Some(frames).filter(|frames| *frames > 0)?.checked_next_power_of_two()?.ilog2();
        let order = u8::try_from(order).ok().filter(|order| usize::from(*order) < ORDERS)?;
        let first = self.take_promised(order)?;
        let mut at = 1 << order;
        while at > frames {
            at = self.cut(first, at, frames);
            self.link_merged(Block(first + at));
        }
        let mut chain = Chain::default();
        while at > 0 {
            at = self.cut(first, at, 0);
            self.put_first(&mut chain, first + at);
        }
        Some(chain)
    }

    /// Makes the frames before `end` of a taken block a block of their own, the largest that begins
    /// at `start` or behind it: where it begins. All count from the block's first frame.
    fn cut(&mut self, block: u32, end: u32, start: u32) -> u32 {
        let (by_place, by_size) = (end.trailing_zeros(), (end - start).ilog2());
        #[expect(clippy::cast_possible_truncation, reason = "the block has an order below 11")]
        let order = by_place.min(by_size) as u8;
        let at = end - (1 << order);
        self.table[(block + at) as usize] =
            FrameInfo { next: NONE, other: NONE, rest: 0, order, state: Use::Taken };
        at
    }

    /// Puts a taken block before the others of a chain. Returns its frames.
    fn put_first(&mut self, chain: &mut Chain, block: u32) -> Run {
        let next = chain.first;
        let jump = match lowest_weights(chain.blocks) {
            (one, other) if one == other && one > 0 => {
                let over = self.table[next as usize].other;
                if over == NONE { NONE } else { self.table[over as usize].other }
            }
            _ => next,
        };
        let info = &mut self.table[block as usize];
        let frames: u32 = 1 << info.order;
        *chain = Chain { first: block, frames: chain.frames + frames, blocks: chain.blocks + 1 };
        (info.next, info.other, info.rest) = (next, jump, chain.frames);
        Run { place: Block(block).phys(), frames: frames.into(), next }
    }

    /// Gives the first block of a chain back. Returns its frames.
    pub fn shorten(&mut self, chain: &mut Chain) -> Option<u64> {
        if chain.is_empty() {
            return None;
        }
        let FrameInfo { next, order, .. } = self.table[chain.first as usize];
        self.release_block(Block(chain.first));
        let frames = chain.frames - (1 << order);
        *chain = Chain { first: next, frames, blocks: chain.blocks - 1 };
        Some(1 << order)
    }

    /// Where a page of a chain lies, with those behind it in the same block.
    pub fn find(&self, chain: &Chain, page: u64) -> Option<Run> {
        let (at, wanted) = self.path(chain, page).last()?;
        let within = self.table[at as usize].rest - wanted;
        Some(self.run(at, within))
    }

    /// The frames behind those.
    pub fn behind(&self, run: &Run) -> Option<Run> {
        (run.next != NONE).then(|| self.run(run.next, 0))
    }

    fn run(&self, block: u32, within: u32) -> Run {
        let FrameInfo { next, order, .. } = self.table[block as usize];
        let place = Phys::of_frame(block + within);
        Run { place, frames: (1 << order) - u64::from(within), next }
    }

    /// The blocks that are looked at on the way to a page's, with the frames from the page on.
    pub(super) fn path(&self, chain: &Chain, page: u64) -> impl Iterator<Item = (u32, u32)> {
        let page = u32::try_from(page).unwrap_or(u32::MAX);
        let wanted = chain.frames.checked_sub(page).filter(|wanted| *wanted > 0);
        let reaches = move |block: u32, wanted: u32| {
            block != NONE && self.table[block as usize].rest >= wanted
        };
        core::iter::successors(wanted.map(|wanted| (chain.first, wanted)), move |(at, wanted)| {
            let FrameInfo { next, other, .. } = self.table[*at as usize];
            let further = [other, next].into_iter().find(|block| reaches(*block, *wanted));
            further.map(|block| (block, *wanted))
        })
    }
}

/// The two lowest weights of a number in skew binary notation, the sum of numbers 2^k - 1 of which
/// only the lowest stands twice; 0 where there are fewer.
fn lowest_weights(mut number: u32) -> (u32, u32) {
    let (mut lowest, mut second) = (0, 0);
    while number > 0 {
        let weight = (1 << (number + 1).ilog2()) - 1;
        (lowest, second) = (weight, lowest);
        number -= weight;
    }
    (lowest, second)
}
