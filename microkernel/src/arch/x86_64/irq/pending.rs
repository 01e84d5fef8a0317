//! Interrupts that have arrived and wait for the exit loop.
//!
//! A set, not a queue: a line is not recorded again before the core has taken it and
//! unmasked it, the timer not before it is set again, so nothing can overflow or be lost.
//! Order within the set means nothing: the core drains it whole.

mod set;

use core::sync::atomic::{self, AtomicU64};
use core_kernel::machine::Interrupt;

/// One CPU's set.
pub(crate) struct Pending(AtomicU64);

impl Pending {
    /// Nothing.
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds one.
    pub(crate) fn record(&self, interrupt: Interrupt) {
        set::record(&self.0, interrupt);
    }

    /// Whether there is one: recorded by this CPU itself, and looked at closely by `take`.
    pub(crate) fn any(&self) -> bool {
        set::any(&self.0)
    }

    /// Takes one out.
    pub(crate) fn take(&self) -> Option<Interrupt> {
        set::take(&self.0)
    }
}
