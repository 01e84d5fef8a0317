//! `tr`, for bytes of ASCII; others stay.

use crate::options::Options;
use crate::stream::{Filter, Output, Sieve};
use crate::trouble::{Outcome, Trouble};
use alloc::boxed::Box;
use alloc::vec::Vec;

struct Tr {
    /// What each byte becomes; none: it is removed.
    table: Box<[Option<u8>; 256]>,
}

pub(crate) fn tr(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("d", "", words)?;
    let mut table = Box::new(core::array::from_fn(|byte| u8::try_from(byte).ok()));
    match (&options.words[..], options.has('d')) {
        ([from], true) => {
            for byte in set(from)? {
                table[usize::from(byte)] = None;
            }
        }
        ([from, to], false) => {
            let (from, to) = (set(from)?, set(to)?);
            // The last one stands for those that have none beside them.
            let last = to.last().copied().ok_or(Trouble::Usage)?;
            let pairs = from.into_iter().zip(to.into_iter().chain(core::iter::repeat(last)));
            for (byte, becomes) in pairs {
                table[usize::from(byte)] = Some(becomes);
            }
        }
        _ => return Err(Trouble::Usage),
    }
    Ok(Sieve::new(Tr { table }, &[]))
}

/// The bytes of `a-z`, `abc`, `\n`.
fn set(text: &str) -> Result<Vec<u8>, Trouble> {
    if !text.is_ascii() {
        return Err(Trouble::new("only ASCII characters are replaced"));
    }
    let mut found = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = match (first, behind) {
            (b'\\', [letter, after @ ..]) => {
                found.push(match letter {
                    b'n' => b'\n',
                    b't' => b'\t',
                    other => *other,
                });
                after
            }
            (first, [b'-', last, after @ ..]) => {
                found.extend(*first..=*last);
                after
            }
            _ => {
                found.push(*first);
                behind
            }
        };
    }
    Ok(found)
}

impl Filter for Tr {
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble> {
        let changed = bytes.iter().filter_map(|byte| self.table[usize::from(*byte)]);
        out.write(&changed.collect::<Vec<u8>>())
    }

    fn end(&mut self, _: &mut dyn Output) -> Outcome {
        Ok(0)
    }
}
