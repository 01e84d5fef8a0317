//! Values to messages and back: postcard, in registers while it fits.

use abi::{INLINE_BYTES, MESSAGE_MAX, WORDS};
use alloc::vec::Vec;
use serde::{Serialize, de::DeserializeOwned};
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

/// Encodes a value: the words that carry it. One that does not fit there is in `buffer`, which
/// is empty otherwise.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    buffer: &mut Vec<u8>,
) -> Result<Words, CodecError> {
    buffer.clear();
    let mut inline = Inline::default();
    match postcard::to_slice(value, inline.as_flattened_mut()) {
        Ok(_) => return Ok(inline.map(u64::from_le_bytes)),
        Err(postcard::Error::SerializeBufferFull) => {}
        Err(_) => return Err(CodecError::Malformed),
    }
    let bytes = core::mem::take(buffer);
    *buffer = postcard::to_extend(value, bytes).map_err(|_| CodecError::Malformed)?;
    if buffer.len() > MESSAGE_MAX { Err(CodecError::TooLong) } else { Ok(Words::default()) }
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
    if !bytes.is_empty() {
        return whole(bytes, <[u8]>::is_empty);
    }
    let inline = words.map(u64::to_le_bytes);
    whole(inline.as_flattened(), |rest| are_zero(words, INLINE_BYTES - rest.len()))
}

/// Whether all bytes of the words are zero from this one on. Compared by words: byte by byte
/// this was a sixth of a typed call.
fn are_zero(words: &Words, from: usize) -> bool {
    let (first, bits) = (from / 8, 8 * (from % 8));
    words.get(first).is_none_or(|word| word >> bits == 0)
        && words.iter().skip(first + 1).all(|word| *word == 0)
}

/// What a message carries: its bytes, else the words, with the zeros that pad them.
pub(crate) fn joined(words: &Words, bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        words.map(u64::to_le_bytes).as_flattened().to_vec()
    } else {
        bytes.to_vec()
    }
}

fn whole<T: DeserializeOwned>(
    bytes: &[u8],
    rest_is_fine: impl Fn(&[u8]) -> bool,
) -> Result<T, CodecError> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|_| CodecError::Malformed)?;
    if rest_is_fine(rest) { Ok(value) } else { Err(CodecError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::{CodecError, decode, encode, split};

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
