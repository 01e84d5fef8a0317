//! Interrupts that have arrived and wait for the exit loop.
//!
//! A set, not a queue: a line is not recorded again before the core has taken it and
//! unmasked it, the timer not before it is set again, so nothing can overflow or be lost.
//! Order within the set means nothing: the core drains it whole.

use core::sync::atomic::{AtomicU64, Ordering};
use core_kernel::machine::Interrupt;

/// Lines that fit.
pub(crate) const LINES: u8 = 56;
const KICK: u64 = 1 << 62;
const TIMER: u64 = 1 << 63;

/// One CPU's set.
pub(crate) struct Pending(AtomicU64);

impl Pending {
    /// Nothing.
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds one.
    ///
    /// ORDER: Release pairs with the Acquire of `take`: what the interrupting side wrote
    /// before is seen by who takes it.
    pub(crate) fn record(&self, interrupt: Interrupt) {
        let bit = match interrupt {
            Interrupt::Timer => TIMER,
            Interrupt::Kick => KICK,
            Interrupt::Line(line) => 1 << (line % LINES),
        };
        self.0.fetch_or(bit, Ordering::Release);
    }

    /// Whether there is one: recorded by this CPU itself, and looked at closely by `take`.
    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Takes one out.
    pub(crate) fn take(&self) -> Option<Interrupt> {
        let set = self.0.load(Ordering::Acquire);
        let (bit, interrupt) = match set {
            0 => return None,
            set if set & TIMER != 0 => (TIMER, Interrupt::Timer),
            set if set & KICK != 0 => (KICK, Interrupt::Kick),
            set => {
                let line = set.trailing_zeros().to_le_bytes()[0];
                (1 << line, Interrupt::Line(line))
            }
        };
        self.0.fetch_and(!bit, Ordering::AcqRel);
        Some(interrupt)
    }
}
