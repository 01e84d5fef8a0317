//! The kernel image's own sections.

use super::layout::KERNEL_BASE;
use super::range::Range;
use super::table;

unsafe extern "C" {
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_start: u8;
    static __rodata_end: u8;
    static __data_start: u8;
    static __data_end: u8;
}

fn range(start: *const u8, end: *const u8) -> Range {
    Range { start: start.expose_provenance() as u64, end: end.expose_provenance() as u64 }
}

/// What is executed.
pub(crate) fn text() -> Range {
    range(&raw const __text_start, &raw const __text_end)
}

/// What is only read.
pub(crate) fn rodata() -> Range {
    range(&raw const __rodata_start, &raw const __rodata_end)
}

/// What is written.
pub(crate) fn data() -> Range {
    range(&raw const __data_start, &raw const __data_end)
}

/// Where the direct boot has loaded it: first address, first address after it.
pub(crate) fn load_range() -> (u64, u64) {
    (text().start - KERNEL_BASE, data().end - KERNEL_BASE)
}

/// The frames of text and rodata, wherever this boot has put them.
pub(crate) fn sealed_frames() -> Range {
    let pages = (text().start..rodata().end).step_by(4096);
    let frames = pages.filter_map(|page| table::active().translate_kernel(page));
    frames.fold(Range { start: u64::MAX, end: 0 }, |found, frame| Range {
        start: found.start.min(frame.address()),
        end: found.end.max(frame.address() + abi::PAGE_SIZE),
    })
}
