//! Lists of texts as the standard library reads and writes them: the number of texts, then each with
//! its length in front, all in words of 32 bits, filled up with zeros.

use alloc::string::String;
use alloc::vec::Vec;

/// The bytes of a word.
const WORD: usize = 4;

/// Packs texts.
pub(crate) fn pack<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<u32> {
    let mut words = Vec::from([0]);
    for text in texts {
        words[0] += 1;
        push(&mut words, text);
    }
    words
}

/// Packs one text, without a number in front.
pub(crate) fn pack_one(text: &str) -> Vec<u32> {
    let mut words = Vec::new();
    push(&mut words, text);
    words
}

fn push(words: &mut Vec<u32>, text: &str) {
    words.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
    for piece in text.as_bytes().chunks(WORD) {
        let mut word = [0; WORD];
        word.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
        words.push(u32::from_ne_bytes(word));
    }
}

/// The texts of a packed list, word by word from `next`; what is no text is left out.
pub(crate) fn unpack(mut next: impl FnMut(usize) -> u32) -> Vec<String> {
    let count = next(0);
    let mut at = 1;
    let mut texts = Vec::new();
    for _ in 0..count {
        let len = usize::try_from(next(at)).unwrap_or(0);
        let words = len.div_ceil(WORD);
        let mut bytes: Vec<u8> =
            (0..words).flat_map(|word| next(at + 1 + word).to_ne_bytes()).collect();
        bytes.truncate(len);
        texts.extend(String::from_utf8(bytes));
        at += 1 + words;
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::{pack, pack_one, unpack};

    #[test]
    fn texts_come_out_as_they_went_in() {
        let texts = ["", "a", "four", "Größe", "five5"];
        let words = pack(texts.into_iter());
        assert_eq!(words[0], 5);
        assert_eq!(unpack(|at| words[at]), texts);
        assert_eq!(
            pack_one("abcde"),
            [5, u32::from_ne_bytes(*b"abcd"), u32::from_ne_bytes(*b"e\0\0\0")]
        );
        assert_eq!(unpack(|_| 0), Vec::<String>::new());
    }
}
