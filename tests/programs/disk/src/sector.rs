//! A sector that says itself which one it is, which version, and whether it is whole.

/// Bytes of a sector.
pub const BYTES: usize = block::SECTOR_BYTES as usize;

/// What is wrong with a sector that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Its sum does not fit: it was never written so.
    Sum,
    /// It is another sector's.
    Number(u64),
    /// It is another version: an older one is a lost write.
    Version(u32),
}

/// Fills a sector.
pub fn write(sector: &mut [u8], number: u64, version: u32) {
    let mut random = fastrand::Rng::with_seed(number << 20 ^ u64::from(version));
    random.fill(sector);
    let (head, body) = sector.split_at_mut(16.min(sector.len()));
    head.fill(0);
    put(head, 0, &number.to_le_bytes());
    put(head, 8, &version.to_le_bytes());
    let sum = sum(head, body);
    put(head, 12, &sum.to_le_bytes());
}

/// Checks a sector. Version 0 was not written by this run: it may hold anything.
///
/// # Errors
/// What is wrong with it.
pub fn check(sector: &[u8], number: u64, version: u32) -> Result<(), Wrong> {
    if version == 0 {
        return Ok(());
    }
    let (head, body) = sector.split_at(16.min(sector.len()));
    let (is_number, is_version, is_sum) = (word(head, 0), word(head, 8), word(head, 12));
    let mut blank = [0; 16];
    put(&mut blank, 0, head.get(..12).unwrap_or_default());
    if is_sum != u64::from(sum(&blank, body)) {
        return Err(Wrong::Sum);
    }
    if is_number != number {
        return Err(Wrong::Number(is_number));
    }
    match u32::try_from(is_version) {
        Ok(is) if is == version => Ok(()),
        is => Err(Wrong::Version(is.unwrap_or(u32::MAX))),
    }
}

fn sum(head: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head.get(..12).unwrap_or_default());
    hasher.update(body);
    hasher.finalize()
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// The 8 bytes of the number, the 4 of the others.
fn word(head: &[u8], at: usize) -> u64 {
    let len = if at == 0 { 8 } else { 4 };
    let bytes = head.get(at..at + len).unwrap_or_default();
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{BYTES, Wrong, check, write};

    #[test]
    fn every_wrong_bit_is_noticed() {
        let mut sector = [0; BYTES];
        write(&mut sector, 77, 3);
        assert_eq!(check(&sector, 77, 3), Ok(()));
        assert_eq!(check(&sector, 78, 3), Err(Wrong::Number(77)));
        assert_eq!(check(&sector, 77, 4), Err(Wrong::Version(3)));
        for bit in 0..BYTES * 8 {
            sector[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(check(&sector, 77, 3), Err(Wrong::Sum), "bit {bit}");
            sector[bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(check(&[0; BYTES], 77, 3), Err(Wrong::Sum));
    }
}
