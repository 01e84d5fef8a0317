//! Slices that grow, on real frames.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::mm::table::Table;
use abi::PAGE_SIZE;
use core_kernel::machine::{GROWTH, Machine, NoFrame, OwnedFrame};

pub(super) const CHECKS: &[Check] = &[
    ("slice-grows-and-stays-where-it-is", grows),
    ("slice-without-a-frame-stays-as-it-is", refused),
];

/// As large as a thread: some lie across the end of a page.
type Element = [u64; 100];
type Slice = &'static mut [Element];

fn element(index: usize) -> Element {
    [index as u64; 100]
}

/// Makes it longer with at most `most` frames. Returns the number that it took.
fn extend(bench: &mut Bench<'_>, slice: &mut Slice, most: u32) -> Result<u32, NoFrame> {
    let mut left = most;
    let frames = &mut bench.boot.frames;
    bench.machine.extend(slice, element, &mut |_| {
        left = left.checked_sub(1)?;
        Some(frames.take(1))
    })?;
    Ok(most - left)
}

fn grows(bench: &mut Bench<'_>) -> Outcome {
    let root = OwnedFrame::of_boot(&mut bench.boot.frames);
    let before: Table = bench.machine.new_page_table(root);
    let mut slice: Slice = bench.machine.reserve();
    bench.equal("elements at first", slice.len() as u64, 0)?;
    let taken = extend(bench, &mut slice, GROWTH).unwrap_or(0);
    bench.hold("frames taken the first time", taken > 1 && taken <= GROWTH)?;
    let first = slice.as_ptr();
    for pages in 2..=8_u64 {
        let taken = extend(bench, &mut slice, GROWTH).unwrap_or(0);
        bench.equal("frames taken later", u64::from(taken), 1)?;
        bench.equal(
            "elements",
            slice.len() as u64,
            pages * PAGE_SIZE / size_of::<Element>() as u64,
        )?;
    }
    bench.hold("it has moved", slice.as_ptr() == first)?;
    let good = slice.iter().enumerate().all(|(index, found)| *found == element(index));
    bench.hold("an element is not as it was made", good)?;
    let seen = before.translate_kernel(first.addr() as u64 + 7 * PAGE_SIZE);
    bench.hold("a space that was there before does not see it", seen.is_some())
}

fn refused(bench: &mut Bench<'_>) -> Outcome {
    let mut slice: Slice = bench.machine.reserve();
    for most in 0..2 {
        let refused = extend(bench, &mut slice, most).is_err();
        bench.hold("it grew", refused)?;
        bench.equal("elements", slice.len() as u64, 0)?;
    }
    let grown = extend(bench, &mut slice, GROWTH).is_ok();
    bench.hold("it does not grow any more", grown)
}
