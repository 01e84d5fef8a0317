//! Places in directories as numbers.
//!
//! A directory without an index has offsets. One with an index has hashes: 31 bits, 32 bits, and a
//! count among entries with one hash, which has no room here. A list never ends in such a group.

use rsext4::DirectoryCursor;

const INDEXED: u64 = 1 << 63;
const END: u64 = u64::MAX;

/// The number of a place; none inside of a group with one hash.
pub(crate) fn number(cursor: DirectoryCursor) -> Option<u64> {
    match cursor {
        DirectoryCursor::Start => Some(0),
        DirectoryCursor::Linear { offset } => (offset < INDEXED).then_some(offset),
        DirectoryCursor::HTree { major, minor, collision: 0 } => {
            Some(INDEXED | u64::from(major >> 1) << 32 | u64::from(minor))
        }
        DirectoryCursor::HTree { .. } => None,
        DirectoryCursor::End => Some(END),
    }
}

/// The place with a number. Clients may ask for any.
pub(crate) fn cursor(number: u64) -> DirectoryCursor {
    let [low, high] =
        [number, number >> 32].map(|part| u32::try_from(part & u64::from(u32::MAX)).unwrap_or(0));
    match number {
        0 => DirectoryCursor::Start,
        END => DirectoryCursor::End,
        _ if number & INDEXED == 0 => DirectoryCursor::Linear { offset: number },
        _ => DirectoryCursor::HTree { major: high << 1, minor: low, collision: 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::{cursor, number};
    use rsext4::DirectoryCursor;

    #[test]
    fn places_come_back() {
        let hash = |major, minor| DirectoryCursor::HTree { major, minor, collision: 0 };
        let linear = |offset| DirectoryCursor::Linear { offset };
        let all = [DirectoryCursor::Start, DirectoryCursor::End, linear(12), linear(1 << 40)];
        for place in all.into_iter().chain([hash(0, 0), hash(0x1234_5678, 9), hash(!1, 7)]) {
            assert_eq!(number(place).map(cursor), Some(place));
        }
        let inside = DirectoryCursor::HTree { major: 2, minor: 1, collision: 1 };
        assert_eq!(number(inside), None);
    }
}
