//! The generator.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Bytes of a seed.
pub const SEED: usize = 32;

/// A seed: a key of ChaCha20.
pub type Seed = [u8; SEED];

/// A generator for keys.
#[derive(Debug, Default)]
pub struct Generator(Option<ChaCha20Rng>);

impl Generator {
    /// Mixes in what the sources gave. Returns the number of those that were of use; with none
    /// nothing changes.
    pub fn seed(&mut self, sources: &[Seed]) -> usize {
        let mut seed = [0; SEED];
        if let Some(cipher) = &mut self.0 {
            cipher.fill_bytes(&mut seed);
        }
        let good = || sources.iter().filter(|source| !is_stuck(source));
        for source in good() {
            seed.iter_mut().zip(source).for_each(|(byte, other)| *byte ^= other);
        }
        if good().next().is_some() {
            self.0 = Some(ChaCha20Rng::from_seed(seed));
        }
        good().count()
    }

    /// Fills these bytes; false before the first seed.
    pub fn fill(&mut self, into: &mut [u8]) -> bool {
        let Some(cipher) = &mut self.0 else { return false };
        cipher.fill_bytes(into);
        let mut key = [0; SEED];
        cipher.fill_bytes(&mut key);
        *cipher = ChaCha20Rng::from_seed(key);
        true
    }
}

/// Whether all words are the same. By chance that happens once in 2^192 seeds.
fn is_stuck(seed: &Seed) -> bool {
    let (words, _) = seed.as_chunks::<8>();
    words.iter().all(|word| Some(word) == words.first())
}

/// A seed from the CPU, if it has a generator.
#[must_use]
pub fn hardware_seed() -> Option<Seed> {
    let mut seed = [0; SEED];
    let (words, _) = seed.as_chunks_mut::<8>();
    for word in words {
        *word = sys::hardware_random()?.to_le_bytes();
    }
    Some(seed)
}

#[cfg(test)]
mod tests {
    use super::{Generator, SEED};

    fn some(first: u8) -> [u8; SEED] {
        core::array::from_fn(|place| first.wrapping_add(u8::try_from(place).unwrap()))
    }

    fn bytes(generator: &mut Generator) -> [u8; 40] {
        let mut bytes = [0; 40];
        assert!(generator.fill(&mut bytes));
        bytes
    }

    #[test]
    fn there_are_no_bytes_before_a_seed() {
        let mut generator = Generator::default();
        let mut bytes = [0; 8];
        assert!(!generator.fill(&mut bytes));
        assert_eq!((bytes, generator.seed(&[])), ([0; 8], 0));
        assert!(!generator.fill(&mut bytes));
        assert_eq!(generator.seed(&[some(1)]), 1);
        assert!(generator.fill(&mut bytes));
    }

    #[test]
    fn a_stuck_source_is_no_seed() {
        let mut generator = Generator::default();
        assert_eq!(generator.seed(&[[0; SEED], [0xff; SEED], [7; SEED]]), 0);
        assert!(!generator.fill(&mut [0; 8]));
        assert_eq!(generator.seed(&[[0; SEED], some(1)]), 1);
    }

    #[test]
    fn each_source_and_each_call_changes_the_bytes() {
        let from = |sources: &[[u8; SEED]]| {
            let mut generator = Generator::default();
            generator.seed(sources);
            generator
        };
        let mut first = from(&[some(1)]);
        let mut all = vec![bytes(&mut first), bytes(&mut first)];
        all.push(bytes(&mut from(&[some(2)])));
        all.push(bytes(&mut from(&[some(1), some(2)])));
        // A seed that comes again does not bring the same bytes again.
        first.seed(&[some(1)]);
        all.push(bytes(&mut first));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5);
        assert_eq!(bytes(&mut from(&[some(1)])), bytes(&mut from(&[some(1)])));
    }

    /// Source: RFC 8439, appendix A.1, test vector 1: key, nonce and counter 0.
    #[test]
    fn it_is_chacha20() {
        use super::{Rng, SeedableRng};
        let mut block = [0; 8];
        super::ChaCha20Rng::from_seed([0; SEED]).fill_bytes(&mut block);
        assert_eq!(block, [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    }
}
