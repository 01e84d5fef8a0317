//! One slot as bytes.
//!
//! ```text
//!  0  magic     u32   WHOLE, WRITING, or 0: never written, or blanked
//!  4  version   u32   the server's
//!  8  number    u64   counts the writes; the higher one is the newer
//! 16  length    u32   of the value
//! 20  checksum  u32   CRC-32 of bytes 4 to 20 and the value
//! 24  value     postcard
//! ```
//!
//! **Order.** A write is a list of [`steps`]: WRITING; the value and the rest of the header;
//! WHOLE. The magic is one aligned word, stored at once: it is old or new and never half. So
//! a slot that says WHOLE and does not hold together was damaged, not torn.

use crate::{Damage, KeepError};
use alloc::vec::Vec;

/// Bytes before the value.
pub(crate) const HEADER: usize = 24;
/// All of the slot was written.
pub(crate) const WHOLE: u32 = 0x4b45_4550;
/// It is being written, or its writer died in the middle of that. Far from [`WHOLE`] in bits.
pub(crate) const WRITING: u32 = !WHOLE;
/// Where the rest of the header begins.
pub(crate) const REST: usize = 4;

/// A step of a write, into a slot.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The first word, at once.
    Magic(u32),
    /// All behind it.
    Rest(Vec<u8>),
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// Nothing, or a write that was cut short.
    Nothing,
    /// A value.
    Value { version: u32, number: u64, bytes: &'a [u8] },
    /// Something that should not be.
    Damaged(Damage),
}

/// Reads a slot.
pub(crate) fn read(slot: &[u8]) -> Content<'_> {
    let Some((header, room)) = slot.split_at_checked(HEADER) else { return Content::Nothing };
    match word(header, 0) {
        0 | WRITING => return Content::Nothing,
        WHOLE => {}
        _ => return Content::Damaged(Damage::Magic),
    }
    let length = usize::try_from(word(header, 16)).unwrap_or(usize::MAX);
    let Some(bytes) = room.get(..length) else { return Content::Damaged(Damage::Length) };
    if word(header, 20) != checksum(&header[REST..20], bytes) {
        return Content::Damaged(Damage::Checksum);
    }
    let number = u64::from(word(header, 8)) | u64::from(word(header, 12)) << 32;
    Content::Value { version: word(header, 4), number, bytes }
}

/// What has to be written into a slot, in this order.
pub(crate) fn steps(
    room: usize,
    version: u32,
    number: u64,
    value: &[u8],
) -> Result<[Step; 3], KeepError> {
    let needed = HEADER.saturating_add(value.len());
    let length = u32::try_from(value.len()).ok().filter(|_| needed <= room);
    let length = length.ok_or(KeepError::NoRoom { needed, room })?;
    let mut rest = Vec::with_capacity(needed);
    rest.extend(version.to_le_bytes());
    rest.extend(number.to_le_bytes());
    rest.extend(length.to_le_bytes());
    rest.extend(checksum(&rest, value).to_le_bytes());
    rest.extend(value);
    Ok([Step::Magic(WRITING), Step::Rest(rest), Step::Magic(WHOLE)])
}

fn checksum(header: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header);
    hasher.update(value);
    hasher.finalize()
}

/// The little-endian word there; what is not there is 0.
fn word(bytes: &[u8], offset: usize) -> u32 {
    let word = bytes.get(offset..offset + 4).and_then(|word| word.try_into().ok());
    u32::from_le_bytes(word.unwrap_or_default())
}
