//! Numbers that are the same for the same seed. Source: Marsaglia, "Xorshift RNGs" (2003).

/// The next numbers.
pub(super) struct Random(u64);

impl Random {
    /// From this seed on.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Any number.
    pub(super) fn any(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below this one, which is not 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        (self.any() >> 11) % end
    }

    /// One of several.
    pub(super) fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let place = usize::try_from(self.below(all.len().max(1) as u64)).unwrap_or(0);
        all.get(place)
    }
}
