//! Interrupts that have arrived and wait for the exit loop.
//!
//! A set, not a queue: a line is not recorded again before the core has taken it and
//! unmasked it, the timer not before it is set again, so nothing can overflow or be lost. Messages
//! of one number that come before the core takes the first are one: they signal the same bits.
//! Order within the set means nothing: the core drains it whole.

mod set;

use super::super::cpu::block::CPUS;
use super::super::cpu::local::PerCpu;
use core::sync::atomic::{self, AtomicU64};
use core_kernel::machine::Interrupt;
use set::Set;

/// What is known of one CPU's interrupts.
#[repr(align(64))]
pub(crate) struct Interrupts {
    /// Those that wait for the exit loop.
    pub(crate) pending: Pending,
    /// Interrupts taken.
    pub(crate) taken: AtomicU64,
    /// Interrupts with a vector that has no use.
    pub(crate) strays: AtomicU64,
}

/// Those of all CPUs.
pub(crate) static INTERRUPTS: PerCpu<Interrupts> = PerCpu::new(
    [const {
        Interrupts { pending: Pending::new(), taken: AtomicU64::new(0), strays: AtomicU64::new(0) }
    }; CPUS],
);

/// One CPU's set.
pub(crate) struct Pending(Set);

impl Pending {
    /// Nothing.
    pub(crate) const fn new() -> Self {
        Self(Set::new(AtomicU64::new(0), [const { AtomicU64::new(0) }; 3]))
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
