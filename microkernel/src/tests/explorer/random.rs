//! Random numbers that a seed repeats. Source: Marsaglia, "Xorshift RNGs" (2003).

pub(in crate::tests) struct Random(u64);

impl Random {
    pub(in crate::tests) fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(in crate::tests) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number from 0 on, below `end`.
    pub(in crate::tests) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    /// True once in this number of times.
    pub(in crate::tests) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(in crate::tests) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }
}
