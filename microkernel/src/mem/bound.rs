//! How much one piece of a long operation does.

/// Page-table entries that one piece changes when they lie side by side. In tests few, so that
/// short ranges take several pieces there.
const ENTRIES: u64 = if cfg!(test) { 76 } else { 512 };
/// What it costs to reach the entries of a table, in changed entries.
pub(super) const TABLE: u64 = 12;
/// What it costs to find pages that lie together and to map them. 32 single frames, each found by
/// itself, would exceed the bound of a lock hold.
pub(super) const EXTENT: u64 = ENTRIES / 30;

/// What a piece may still do.
pub(super) struct Bound {
    left: u64,
}

impl Bound {
    /// That of a new piece: the first [`Bound::reach`] has entries.
    pub(super) fn new() -> Self {
        Self { left: ENTRIES }
    }

    /// Pays for the way to some entries: how many may be changed there, at least one. `None`: the
    /// piece ends.
    pub(super) fn reach(&mut self, cost: u64) -> Option<u64> {
        self.left = self.left.saturating_sub(cost);
        (self.left > 0).then_some(self.left)
    }

    /// Pays for changed entries.
    pub(super) fn pay(&mut self, entries: u64) {
        self.left = self.left.saturating_sub(entries);
    }

    /// The piece ends.
    pub(super) fn end(&mut self) {
        self.left = 0;
    }
}
