//! The word with the pending interrupts. Only atomics: `tests/models` tries it out with all
//! interleavings and memory orders.

use super::atomic::{AtomicU64, Ordering};
use core_kernel::machine::Interrupt;

/// Lines that fit.
const LINES: u8 = 56;
const IPI: u64 = 1 << 62;
const TIMER: u64 = 1 << 63;

/// Adds one.
///
/// ORDER: Release pairs with the Acquire of `take`: what the interrupting side wrote before is
/// seen by the CPU that takes it.
pub(super) fn record(set: &AtomicU64, interrupt: Interrupt) {
    let bit = match interrupt {
        Interrupt::Timer => TIMER,
        Interrupt::Ipi => IPI,
        Interrupt::Line(line) => 1 << (line % LINES),
    };
    set.fetch_or(bit, Ordering::Release);
}

/// Whether there is one.
pub(super) fn any(set: &AtomicU64) -> bool {
    set.load(Ordering::Relaxed) != 0
}

/// Takes one out. Only the set's own CPU takes.
pub(super) fn take(set: &AtomicU64) -> Option<Interrupt> {
    let found = set.load(Ordering::Acquire);
    let (bit, interrupt) = match found {
        0 => return None,
        found if found & TIMER != 0 => (TIMER, Interrupt::Timer),
        found if found & IPI != 0 => (IPI, Interrupt::Ipi),
        found => {
            let line = found.trailing_zeros().to_le_bytes()[0];
            (1 << line, Interrupt::Line(line))
        }
    };
    set.fetch_and(!bit, Ordering::AcqRel);
    Some(interrupt)
}
