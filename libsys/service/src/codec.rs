//! Values to messages and back: postcard, in registers while it fits.

use abi::{INLINE_BYTES, MESSAGE_MAX};
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

/// Encodes into `buffer`, in place of what was there.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    buffer: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let mut bytes = core::mem::take(buffer);
    bytes.clear();
    *buffer = postcard::to_extend(value, bytes).map_err(|_| CodecError::Malformed)?;
    if buffer.len() > MESSAGE_MAX { Err(CodecError::TooLong) } else { Ok(()) }
}

/// The parts of a message that carry these bytes: words, or bytes when it is too long.
pub(crate) fn split(encoded: &[u8]) -> (Words, &[u8]) {
    let mut words = Words::default();
    if encoded.len() > INLINE_BYTES {
        return (words, encoded);
    }
    for (word, chunk) in words.iter_mut().zip(encoded.chunks(8)) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(bytes);
    }
    (words, &[])
}

/// What words are padded with.
const PADDING: [u8; INLINE_BYTES] = [0; INLINE_BYTES];

/// The value in a message. Nothing may be left over but the zeros that pad the words.
pub(crate) fn decode<T: DeserializeOwned>(words: &Words, bytes: &[u8]) -> Result<T, CodecError> {
    if !bytes.is_empty() {
        return whole(bytes, |rest| rest.is_empty());
    }
    // Compared as a whole: byte by byte this was a sixth of a typed call.
    whole(&inline_bytes(words), |rest| PADDING.ends_with(rest))
}

/// What a message carries: its bytes, else the words, with the zeros that pad them.
pub(crate) fn joined(words: &Words, bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() { inline_bytes(words).to_vec() } else { bytes.to_vec() }
}

fn inline_bytes(words: &Words) -> [u8; INLINE_BYTES] {
    let mut inline = [0; INLINE_BYTES];
    for (place, word) in inline.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    inline
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
        encode(&(text, 7u32), &mut buffer).unwrap();
        let (words, bytes) = split(&buffer);
        let back: (String, u32) = decode(&words, bytes).unwrap();
        assert_eq!(back, (text.to_owned(), 7));
        bytes.len()
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
