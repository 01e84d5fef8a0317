//! What the records in the rings have in common: a seal, an id, an epoch.

/// The bits of an id that are the place of its request; those above change with each use of it.
const PLACE_BITS: u32 = 16;

/// The seal of a record with these words, of the kind that `start` tells. It changes with each
/// single bit of the words: a record with a flipped bit is refused, not obeyed. It is no defence
/// against a peer that lies. Unless `start` is 0, blank memory is no record.
#[must_use]
pub fn fold<const N: usize>(start: u32, words: [u32; N]) -> u32 {
    words.iter().fold(start, |seal, word| (seal ^ word).rotate_left(5))
}

/// The place that an id names.
#[must_use]
pub fn place_of(id: u32) -> u16 {
    let [low, high, ..] = id.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// The id of the next use of a place, after this one. The completion of an earlier use is known
/// by its id.
#[must_use]
pub fn next_use(id: u32, place: u16) -> u32 {
    (id >> PLACE_BITS).wrapping_add(1) << PLACE_BITS | u32::from(place)
}

/// An epoch for the first attachment in this life of a driver: milliseconds since boot, so that no
/// later life gives out an epoch of an earlier one.
#[must_use]
pub fn first_epoch() -> u32 {
    u32::try_from(sys::clock() / 1_000_000 % (1 << 31)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{fold, next_use, place_of};

    #[test]
    fn a_seal_changes_with_each_bit() {
        let words = [7, 0, u32::MAX, 1 << 31];
        let seal = fold(0x5eed, words);
        for (word, bit) in (0..words.len()).flat_map(|word| (0..32).map(move |bit| (word, bit))) {
            let mut flipped = words;
            flipped[word] ^= 1 << bit;
            assert_ne!(fold(0x5eed, flipped), seal, "bit {bit} of word {word}");
        }
        assert_ne!(fold(0x5eed, [0; 4]), 0);
    }

    #[test]
    fn an_id_changes_with_each_use_of_its_place() {
        let id = next_use(next_use(17, 17), 17);
        assert_eq!((place_of(id), id), (17, 2 << 16 | 17));
        assert_eq!(next_use(u32::MAX, 3), 3);
        assert_eq!(place_of(next_use(0, u16::MAX)), u16::MAX);
    }
}
