//! Blocks and chains: owned once, found, given back and merged.

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
