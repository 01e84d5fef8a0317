//! Values to messages and back: postcard, in registers while it fits.

use abi::{INLINE_BYTES, MESSAGE_MAX, WORDS};
use alloc::vec::Vec;
use postcard::ser_flavors::Flavor;
use postcard::serialize_with_flavor;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sys::Words;

/// The value has no form in postcard, or the bytes are no such value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodecError {
    /// Not a value of the type.
    Malformed,
    /// More than any message carries.
    TooLong,
}

/// The words as the bytes that they carry.
type Inline = [[u8; size_of::<u64>()]; WORDS];

/// The longest encoded number of 64 bits.
const NUMBER: usize = 10;

/// Where an encoded value goes: into the words while it fits there, else all of it into the buffer.
struct Outlet<'a> {
    inline: Inline,
    /// The number of bytes in the words; more than there is room for when they are in the buffer.
    len: usize,
    buffer: &'a mut Vec<u8>,
}

impl<'a> Outlet<'a> {
    fn into(buffer: &'a mut Vec<u8>) -> Self {
        Self { inline: Inline::default(), len: 0, buffer }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        if let Some(inline) = self.inline.as_flattened().get(..self.len) {
            self.buffer.extend_from_slice(inline);
            self.len = INLINE_BYTES + 1;
        }
        self.buffer.extend_from_slice(bytes);
    }
}

impl Flavor for Outlet<'_> {
    type Output = Words;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        match self.inline.as_flattened_mut().get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.spill(&[byte]),
        }
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        // A number: a call of `memcpy` costs more than its few bytes.
        if bytes.len() <= NUMBER {
            return bytes.iter().try_for_each(|byte| self.try_push(*byte));
        }
        let end = self.len.saturating_add(bytes.len());
        match self.inline.as_flattened_mut().get_mut(self.len..end) {
            Some(places) => {
                places.copy_from_slice(bytes);
                self.len = end;
            }
            None => self.spill(bytes),
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Words> {
        let is_inline = self.len <= INLINE_BYTES;
        Ok(if is_inline { self.inline.map(u64::from_le_bytes) } else { Words::default() })
    }
}

/// Encodes a value: the words that carry it. One that does not fit there is in `buffer`, which
/// is empty otherwise.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    buffer: &mut Vec<u8>,
) -> Result<Words, CodecError> {
    buffer.clear();
    let words = serialize_with_flavor(value, Outlet::into(buffer));
    let words = words.map_err(|_| CodecError::Malformed)?;
    fits(buffer).map(|()| words)
}

fn fits(bytes: &[u8]) -> Result<(), CodecError> {
    if bytes.len() > MESSAGE_MAX { Err(CodecError::TooLong) } else { Ok(()) }
}

/// The first byte of the words where a value is in them and the bytes are no part of it.
const BESIDE: u8 = 1;

/// Encodes a value beside bytes that travel as they are: the words that carry it. One that does not
/// fit there goes before the bytes.
pub(crate) fn encode_beside<T: Serialize + ?Sized>(
    value: &T,
    bytes: &mut Vec<u8>,
) -> Result<Words, CodecError> {
    let mut whole = Vec::new();
    let words = encode(&(BESIDE, value), &mut whole)?;
    if !whole.is_empty() {
        whole.remove(0);
        whole.append(bytes);
        *bytes = whole;
    }
    fits(bytes).map(|()| words)
}

/// The value of such a message, and the bytes beside it.
pub(crate) fn decode_beside<'a, T: DeserializeOwned>(
    words: &Words,
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), CodecError> {
    if *words == Words::default() {
        return postcard::take_from_bytes(bytes).map_err(|_| CodecError::Malformed);
    }
    match decode(words, &[])? {
        (BESIDE, value) => Ok((value, bytes)),
        _ => Err(CodecError::Malformed),
    }
}

/// The parts of a message that carry these bytes: words, or bytes when there are more.
pub(crate) fn split(encoded: &[u8]) -> (Words, &[u8]) {
    let mut inline = Inline::default();
    let Some(place) = inline.as_flattened_mut().get_mut(..encoded.len()) else {
        return (Words::default(), encoded);
    };
    place.copy_from_slice(encoded);
    (inline.map(u64::from_le_bytes), &[])
}

/// The value in a message. Nothing may be left over but the zeros that pad the words.
pub(crate) fn decode<T: DeserializeOwned>(words: &Words, bytes: &[u8]) -> Result<T, CodecError> {
    let inline = words.map(u64::to_le_bytes);
    Payload::of(inline.as_flattened(), bytes).decode()
}

/// The encoded value of a message, where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload<'a> {
    /// In the words, with zeros behind it.
    Words(&'a [u8]),
    /// In the bytes, all of them.
    Bytes(&'a [u8]),
}

impl<'a> Payload<'a> {
    /// Of a message with these words, as bytes, and these bytes.
    pub(crate) fn of(words: &'a [u8], bytes: &'a [u8]) -> Self {
        if bytes.is_empty() { Self::Words(words) } else { Self::Bytes(bytes) }
    }

    /// The value. Nothing may be left over but the zeros that pad the words.
    pub(crate) fn decode<T: Deserialize<'a>>(self) -> Result<T, CodecError> {
        let (Self::Words(all) | Self::Bytes(all)) = self;
        let (value, rest) = postcard::take_from_bytes(all).map_err(|_| CodecError::Malformed)?;
        let is_whole = match self {
            Self::Words(words) => are_zero(words, words.len() - rest.len()),
            Self::Bytes(_) => rest.is_empty(),
        };
        if is_whole { Ok(value) } else { Err(CodecError::Malformed) }
    }
}

/// Whether all bytes of the words are zero from this one on. Compared by words: byte by byte
/// this was a sixth of a typed call.
fn are_zero(words: &[u8], from: usize) -> bool {
    let (first, bits) = (from / 8, 8 * (from % 8));
    let mut words = words.as_chunks().0.iter().skip(first).map(|word| u64::from_le_bytes(*word));
    words.next().is_none_or(|word| word >> bits == 0) && words.all(|word| word == 0)
}

/// What a message carries: its bytes, else the words, with the zeros that pad them.
pub(crate) fn joined(words: &Words, bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        words.map(u64::to_le_bytes).as_flattened().to_vec()
    } else {
        bytes.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::{CodecError, decode, decode_beside, encode, encode_beside, split};

    fn round(text: &str) -> usize {
        let mut buffer = Vec::new();
        let words = encode(&(text, 7u32), &mut buffer).unwrap();
        let back: (String, u32) = decode(&words, &buffer).unwrap();
        assert_eq!(back, (text.to_owned(), 7));
        assert_eq!(split(&postcard::to_allocvec(&(text, 7u32)).unwrap()), (words, &buffer[..]));
        buffer.len()
    }

    #[test]
    fn short_values_travel_in_words_and_long_ones_in_bytes() {
        for len in 0..=200 {
            let bytes = round(&"x".repeat(len));
            // One byte for the length of the text (two from 128 on), one for the number.
            let encoded = len + 2 + usize::from(len > 127);
            assert_eq!(bytes, if encoded <= 56 { 0 } else { encoded });
        }
    }

    #[test]
    fn a_value_and_bytes_beside_it_are_told_apart() {
        for (text, filled) in ["", "short", &"long".repeat(20)]
            .into_iter()
            .flat_map(|text| [0, 1, 56, 4096].map(|filled| (text, filled)))
        {
            let mut bytes = vec![0; filled];
            let value: Result<&str, u8> = if text.is_empty() { Err(0) } else { Ok(text) };
            let words = encode_beside(&value, &mut bytes).unwrap();
            let (back, rest): (Result<String, u8>, _) = decode_beside(&words, &bytes).unwrap();
            assert_eq!(
                (back.as_deref(), rest),
                (value.as_ref().map(|it| *it), &vec![0; filled][..])
            );
        }
    }

    #[test]
    fn a_false_value_beside_bytes_is_an_error() {
        let malformed = |words: &[u64; 7], bytes: &[u8]| {
            assert_eq!(decode_beside::<u8>(words, bytes), Err(CodecError::Malformed));
        };
        malformed(&[0; 7], &[]);
        malformed(&[2, 0, 0, 0, 0, 0, 0], &[5]);
        malformed(&[0x0001_0501, 0, 0, 0, 0, 0, 0], &[5]);
        malformed(&[0x0501, 0, 0, 0, 0, 0, 1], &[5]);
        let full = encode_beside(&0u8, &mut vec![0; abi::MESSAGE_MAX + 1]);
        assert_eq!(full, Err(CodecError::TooLong));
    }

    #[test]
    fn what_is_left_over_is_an_error() {
        assert_eq!(decode::<u8>(&[0x0105, 0, 0, 0, 0, 0, 0], &[]), Err(CodecError::Malformed));
        assert_eq!(decode::<u8>(&[0x05, 0, 0, 0, 0, 0, 0], &[]), Ok(5));
        assert_eq!(decode::<u8>(&[0x05, 0, 0, 0, 0, 0, 1 << 63], &[]), Err(CodecError::Malformed));
        let full = [0x0101_0101_0101_0101; 7];
        assert_eq!(decode::<[(u64, u64); 28]>(&full, &[]), Ok([(1, 1); 28]));
        assert_eq!(decode::<[[u8; 11]; 5]>(&full, &[]), Err(CodecError::Malformed));
        assert_eq!(decode::<u8>(&[0; 7], &[5, 0]), Err(CodecError::Malformed));
        assert_eq!(decode::<(u8, u8)>(&[0; 7], &[5]), Err(CodecError::Malformed));
    }

    #[test]
    fn hostile_bytes_are_errors() {
        // A text that claims to be longer than memory; a bad bool; bad UTF-8.
        let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(decode::<String>(&[0; 7], &huge), Err(CodecError::Malformed));
        assert_eq!(decode::<bool>(&[2, 0, 0, 0, 0, 0, 0], &[]), Err(CodecError::Malformed));
        assert_eq!(decode::<String>(&[0; 7], &[1, 0xff]), Err(CodecError::Malformed));
    }

    #[test]
    fn more_than_a_message_is_too_long() {
        assert_eq!(encode(&vec![0u8; 70_000], &mut Vec::new()), Err(CodecError::TooLong));
    }
}
