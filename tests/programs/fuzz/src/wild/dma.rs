//! I/O spaces: few functions, so that children meet, and mappings that were made.

use super::handles::any as handle;
use super::memory::pages;
use crate::FUNCTIONS;
use crate::random::Random;
use abi::{ObjectKind as Kind, Syscall};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The last mapping: its device address and its pages.
static MAPPED: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

/// Remembers a mapping.
pub(super) fn note(address: u64, pages: u64) {
    MAPPED[0].store(address, Relaxed);
    MAPPED[1].store(pages, Relaxed);
}

/// Arguments for a call on I/O spaces.
pub(super) fn arguments(call: Syscall, r: &mut Random) -> [u64; 6] {
    match call {
        Syscall::IoSpaceCreate => {
            let function =
                if r.below(16) == 0 { 0x1_0000 << r.below(48) } else { r.below(FUNCTIONS) };
            let limit = if r.below(4) == 0 { pages(r) } else { 600 };
            let flags = if r.below(8) == 0 { r.any() >> r.below(64) } else { 1 };
            [handle(r, Kind::Resource), function, limit, flags, 0, 0]
        }
        Syscall::IoMap => {
            let (space, memory) = (handle(r, Kind::IoSpace), handle(r, Kind::Memory));
            [space, memory, r.below(3) / 2, pages(r), r.below(5), 0]
        }
        Syscall::IoUnmap => {
            let [address, count] = [0, 1].map(|part: usize| MAPPED[part].load(Relaxed));
            let off = if r.below(8) == 0 { 4096 } else { 0 };
            [handle(r, Kind::IoSpace), address.wrapping_add(off), count, 0, 0, 0]
        }
        _ => [handle(r, Kind::IoSpace), 0, 0, 0, 0, 0],
    }
}
