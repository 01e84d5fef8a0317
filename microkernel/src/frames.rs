//! Frames of 4 KiB: a buddy allocator over one table.
//!
//! Shape: one [`FrameInfo`] per frame of physical memory, indexed by frame number. A free
//! block of 2^order frames is in the list of its order; an allocated one may be part of the
//! [`Chain`] of a memory object. Source: Knowlton, "A fast storage allocator" (1965).
//! Errors: `None` when no block is free. Cost: at most [`ORDERS`] steps; a page of a chain is
//! found in a number of steps that grows with the logarithm of its blocks.

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

    /// Puts a block before the others of a chain that still lacks `missing` promised frames. Its
    /// place in the object is a multiple of its size, so that large pages fit. Returns its frames.
    ///
    /// A block's `other` is a jump: over 1, 3, 7, ... blocks, by the number of blocks behind it in
    /// skew binary notation. So any block is reached in a number of steps that grows with the
    /// logarithm of their number. Source: Myers, "An applicative random-access stack" (1983).
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
    fn path(&self, chain: &Chain, page: u64) -> impl Iterator<Item = (u32, u32)> {
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

/// The largest block that starts at this frame and has at most this number of frames.
fn largest_order(frame: u64, frames: u64) -> u8 {
    let by_place = if frame == 0 { 63 } else { frame.trailing_zeros() };
    let by_size = frames.ilog2();
    #[expect(clippy::cast_possible_truncation, reason = "at most 10")]
    let order = by_place.min(by_size).min(ORDERS as u32 - 1) as u8;
    order
}

#[cfg(test)]
mod tests {
    use super::{Chain, FrameInfo, Frames};
    use crate::machine::Phys;

    fn frames(first: u64, count: u64) -> Frames {
        let mut frames = Frames::new((0..4096).map(FrameInfo::unusable).collect());
        frames.add(Phys::from_entry(first * 4096), count);
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

    /// A chain of this many frames.
    fn chain(frames: &mut Frames, len: u64) -> Chain {
        let mut chain = Chain::default();
        assert!(frames.promise(len));
        while chain.len() < len {
            let missing = len - chain.len();
            frames.extend(&mut chain, missing).unwrap();
        }
        chain
    }

    fn all_pages(frames: &Frames, chain: &Chain) -> Vec<u64> {
        let mut pages = Vec::new();
        let mut next = frames.find(chain, 0);
        while let Some(run) = next {
            pages.extend((0..run.frames).map(|frame| run.place.frame() + frame));
            next = frames.behind(&run);
        }
        pages
    }

    /// Every second frame is taken, so that each block has one.
    fn fragmented(count: u64) -> Frames {
        let mut frames = Frames::new((0..2 * 65536).map(FrameInfo::unusable).collect());
        frames.add(Phys::ZERO, 2 * count);
        let taken: Vec<_> = (0..2 * count).map(|_| frames.take(0).unwrap()).collect();
        for block in taken {
            if (block.phys().frame()).is_multiple_of(2) {
                frames.release_block(block);
            }
        }
        frames
    }

    #[test]
    fn a_chain_has_exactly_the_frames_asked_for() {
        let mut frames = frames(1, 1500);
        let mut chain = chain(&mut frames, 777);
        assert_eq!(frames.available(), 723);
        assert_eq!(all_pages(&frames, &chain).len(), 777);
        assert_eq!(frames.find(&chain, 777), None);
        assert!(!frames.promise(724), "too much is refused whole");
        assert_eq!(frames.available(), 723);
        while frames.shorten(&mut chain).is_some() {}
        assert_eq!((chain, frames.available()), (Chain::default(), 1500));
    }

    #[test]
    fn blocks_lie_at_multiples_of_their_size_in_the_object() {
        let mut frames = frames(0, 4096);
        let chain = chain(&mut frames, 1024 + 512 + 3);
        let mut page = 0;
        while let Some(run) = frames.find(&chain, page) {
            assert!(page.is_multiple_of(run.frames), "{run:?} at {page}");
            page += run.frames;
        }
        assert_eq!(page, 1024 + 512 + 3);
    }

    #[test]
    fn what_was_promised_is_taken_by_nothing_else() {
        let mut frames = frames(0, 8);
        assert!(frames.promise(7));
        let last = frames.take(0).unwrap();
        assert!(frames.take(0).is_none());
        let mut chain = Chain::default();
        while chain.len() < 7 {
            let missing = 7 - chain.len();
            frames.extend(&mut chain, missing).unwrap();
        }
        frames.release_block(last);
        assert_eq!(frames.available(), 1);
    }

    #[test]
    fn a_page_of_a_fragmented_chain_is_found_in_few_steps() {
        const COUNT: u64 = 30_000;
        let mut frames = fragmented(COUNT);
        let chain = chain(&mut frames, COUNT);
        assert_eq!(u64::from(chain.blocks()), COUNT);
        let pages = all_pages(&frames, &chain);
        for (page, place) in (0..).zip(pages) {
            let run = frames.find(&chain, page).unwrap();
            assert_eq!((run.place.frame(), run.frames), (place, 1));
            // 3 log2(30,001) is 44.6.
            let steps = frames.path(&chain, page).count();
            assert!(steps <= 44, "{steps} to page {page}");
        }
    }

    #[test]
    fn frames_that_lie_together_are_a_chain_like_others() {
        for len in [1, 2, 3, 4, 7, 8, 9, 511, 513, 777, 1023, 1024] {
            let mut frames = frames(0, 4096);
            assert!(frames.promise(len.into()));
            let mut chain = frames.take_together(len).unwrap();
            assert_eq!((chain.len(), frames.available()), (len.into(), 4096 - u64::from(len)));
            let pages = all_pages(&frames, &chain);
            assert!(pages.windows(2).all(|pair| pair[1] == pair[0] + 1), "{len}: {pages:?}");
            let mut page = 0;
            while let Some(run) = frames.find(&chain, page) {
                assert!(page.is_multiple_of(run.frames), "{run:?} at {page}");
                page += run.frames;
            }
            // What was left of the block is free: all but the chain's frames can be taken.
            let rest: Vec<_> = core::iter::from_fn(|| frames.take(0)).collect();
            assert_eq!(rest.len() as u64, 4096 - u64::from(len));
            assert!(rest.iter().all(|block| !pages.contains(&block.phys().frame())));
            rest.into_iter().for_each(|block| frames.release_block(block));
            while frames.shorten(&mut chain).is_some() {}
            assert_eq!(frames.available(), 4096);
            assert!((0..4).all(|_| frames.take(10).is_some()), "{len}: merged to the top");
        }
    }

    #[test]
    fn frames_that_do_not_lie_together_are_not_taken() {
        let mut frames = fragmented(100);
        assert!(frames.promise(2));
        assert_eq!(frames.take_together(2), None);
        assert!(frames.take_together(1).is_some());
        for len in [0, 1025, u32::MAX] {
            assert_eq!(frames.take_together(len), None);
        }
        assert_eq!(frames.available(), 98);
    }

    #[test]
    fn blocks_never_overlap() {
        let mut frames = frames(5, 600);
        let mut seen = std::collections::BTreeSet::new();
        for order in [0, 3, 1, 5, 2, 0, 7, 4, 0] {
            let block = frames.take(order).unwrap();
            for frame in 0..1 << order {
                assert!(seen.insert(block.phys().frame() + frame));
            }
        }
    }
}
