//! A range of physical addresses.

/// `start <= .. < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first address.
    pub(crate) start: u64,
    /// The first address after it.
    pub(crate) end: u64,
}

impl Range {
    /// Whether both have an address in common.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The most regions of memory that are used.
pub(crate) const REGIONS: usize = 64;
