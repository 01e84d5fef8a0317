//! What is kept in memory that survives the server.
//!
//! # Shape
//! The area is cut into two halves, written in turn; each has a header (magic,
//! version, sequence number, length, checksum; little endian) and a postcard body.
//! A server killed while writing leaves the other half whole. The newest valid half
//! counts.

use crate::lines::Lines;
use alloc::vec::Vec;

const MAGIC: u32 = 0x4b45_4550;
const VERSION: u32 = 1;
/// Bytes of a header.
pub const HEADER: usize = 24;

/// Why nothing could be loaded or saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepError {
    /// Something is there, but nothing valid.
    Damaged,
    /// The area is too small.
    NoRoom,
}

/// Loads the newest valid state with its sequence number; `None` in a fresh area.
///
/// # Errors
/// [`KeepError::Damaged`].
pub fn load(area: &[u8]) -> Result<Option<(u64, Lines)>, KeepError> {
    let (first, second) = area.split_at(area.len() / 2);
    let newest = [first, second].into_iter().filter_map(read).max_by_key(|(sequence, _)| *sequence);
    match newest {
        Some(found) => Ok(Some(found)),
        None if area.iter().all(|byte| *byte == 0) => Ok(None),
        None => Err(KeepError::Damaged),
    }
}

/// What has to be written where: first the body, then the header that makes it count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where the header goes; the body follows it.
    pub offset: usize,
    /// The header.
    pub header: [u8; HEADER],
    /// The body.
    pub body: Vec<u8>,
}

/// The image of a state in an area of this size, under a sequence number that must be one
/// more each time.
///
/// # Errors
/// [`KeepError::NoRoom`].
pub fn image(area: usize, sequence: u64, lines: &Lines) -> Result<Image, KeepError> {
    let body = postcard::to_allocvec(lines).map_err(|_| KeepError::NoRoom)?;
    let half = area / 2;
    if half < HEADER + body.len() {
        return Err(KeepError::NoRoom);
    }
    let offset = if sequence.is_multiple_of(2) { 0 } else { half };
    Ok(Image { offset, header: header(sequence, &body)?, body })
}

fn header(sequence: u64, body: &[u8]) -> Result<[u8; HEADER], KeepError> {
    let length = u32::try_from(body.len()).map_err(|_| KeepError::NoRoom)?;
    let mut bytes = [0; HEADER];
    bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
    bytes[4..8].copy_from_slice(&VERSION.to_le_bytes());
    bytes[8..16].copy_from_slice(&sequence.to_le_bytes());
    bytes[16..20].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(&bytes[..20], body);
    bytes[20..24].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

fn checksum(header: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header);
    hasher.update(body);
    hasher.finalize()
}

fn read(half: &[u8]) -> Option<(u64, Lines)> {
    let header = half.get(..HEADER)?;
    let length = usize::try_from(number(&header[16..20])).ok()?;
    let body: Vec<u8> = half.get(HEADER..HEADER.checked_add(length)?)?.to_vec();
    let valid = number(&header[0..4]) == u64::from(MAGIC)
        && number(&header[4..8]) == u64::from(VERSION)
        && number(&header[20..24]) == u64::from(checksum(&header[..20], &body));
    let lines = postcard::from_bytes(&body).ok()?;
    valid.then(|| (number(&header[8..16]), lines))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{HEADER, KeepError, image, load};
    use crate::editor::{HISTORY_MAX, LINE_MAX};
    use crate::lines::{Lines, UNREAD_MAX};

    fn save(area: &mut [u8], sequence: u64, lines: &Lines) -> Result<(), KeepError> {
        let image = image(area.len(), sequence, lines)?;
        let body = image.offset + HEADER;
        area[body..body + image.body.len()].copy_from_slice(&image.body);
        area[image.offset..body].copy_from_slice(&image.header);
        Ok(())
    }

    fn lines(text: &str) -> Lines {
        let mut lines = Lines::default();
        lines.completed(text.into());
        lines
    }

    #[test]
    fn the_newest_state_is_loaded() {
        let mut area = [0; 512];
        assert_eq!(load(&area), Ok(None));
        for (sequence, text) in [(1, "one"), (2, "two"), (3, "three")] {
            save(&mut area, sequence, &lines(text)).unwrap();
            assert_eq!(load(&area), Ok(Some((sequence, lines(text)))));
        }
    }

    #[test]
    fn a_write_cut_short_anywhere_leaves_the_state_before() {
        let mut before = [0; 512];
        save(&mut before, 1, &lines("old")).unwrap();
        save(&mut before, 2, &lines("older half")).unwrap();
        let mut after = before;
        save(&mut after, 3, &lines("new line, longer")).unwrap();
        for cut in 0..512 {
            let mut torn = before;
            torn[cut..].copy_from_slice(&after[cut..]);
            let (sequence, found) = load(&torn).unwrap().unwrap();
            assert!(
                (sequence, &found) == (2, &lines("older half"))
                    || (sequence, &found) == (3, &lines("new line, longer"))
            );
        }
    }

    #[test]
    fn each_damaged_byte_is_noticed() {
        let mut area = [0; 256];
        save(&mut area, 2, &lines("text")).unwrap();
        let used = HEADER + postcard::to_allocvec(&lines("text")).unwrap().len();
        for byte in 0..used {
            let mut damaged = area;
            damaged[byte] ^= 0x10;
            assert_eq!(load(&damaged), Err(KeepError::Damaged), "byte {byte}");
        }
    }

    #[test]
    fn too_small_an_area_is_an_error_and_four_pages_are_enough() {
        assert_eq!(save(&mut [0; 40], 1, &lines("text")), Err(KeepError::NoRoom));
        let mut most = Lines::default();
        while !most.full() {
            most.completed("x".repeat(LINE_MAX));
        }
        most.set_partial("y".repeat(LINE_MAX));
        most.take(1, 1);
        let mut area = vec![0; 4 * 4096];
        save(&mut area, 1, &most).unwrap();
        assert!(UNREAD_MAX + HISTORY_MAX + 4 * LINE_MAX < area.len() / 2);
    }
}
