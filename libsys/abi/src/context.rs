//! Scheduling contexts: their limits and flags.

/// The shortest budget and period: less would be spent on the way in and out of the kernel.
pub const BUDGET_LEAST_NS: u64 = 10_000;
/// The longest period.
pub const PERIOD_MOST_NS: u64 = 60_000_000_000;

/// What a scheduling context does beside stopping a thread; a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct ContextFlags(pub u64);

impl ContextFlags {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The bound thread is not only stopped when its budget is spent: its handler is told, by
    /// the fault [`TimeOut`](crate::FaultKind::TimeOut).
    pub const FAULTS: Self = Self(1);

    /// The set with these bits, if all of them mean something.
    pub const fn from_bits(bits: u64) -> Option<Self> {
        if bits & !Self::FAULTS.0 == 0 { Some(Self(bits)) } else { None }
    }

    /// Whether any of those is in this set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
