//! Scheduling contexts: their limits and flags.

use bitflags::bitflags;

/// The shortest budget and period: less would be spent on the way in and out of the kernel.
pub const BUDGET_LEAST_NS: u64 = 10_000;
/// The longest period.
pub const PERIOD_MOST_NS: u64 = 60_000_000_000;

bitflags! {
    /// What a scheduling context does beside stopping a thread; a set of bits.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    #[repr(transparent)]
    pub struct ContextFlags: u64 {
        /// The bound thread is not only stopped when its budget is spent: its handler gets the
        /// fault [`TimeOut`](crate::FaultKind::TimeOut).
        const FAULTS = 1;
    }
}

impl ContextFlags {
    /// Nothing.
    pub const NONE: Self = Self::empty();
}
