//! `sort`.

use crate::options::Options;
use crate::stream::{Filter, KEPT_MAX, Lines, Output, Sieve, write_line};
use crate::trouble::{Outcome, Trouble};
use alloc::vec::Vec;

struct Sort {
    lines: Lines,
    kept: Vec<Vec<u8>>,
    bytes: usize,
    numeric: bool,
    reverse: bool,
}

/// What a line costs besides its bytes.
const LINE_BYTES: usize = size_of::<Vec<u8>>();

pub(crate) fn sort(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("rn", "", words)?;
    let (numeric, reverse) = (options.has('n'), options.has('r'));
    let filter = Sort { lines: Lines::default(), kept: Vec::new(), bytes: 0, numeric, reverse };
    Ok(Sieve::new(filter, &options.words))
}

/// The number at the start of a line; 0 without one.
fn number(line: &[u8]) -> i128 {
    let line = line.trim_ascii_start();
    let (negative, digits) = match line.split_first() {
        Some((b'-', digits)) => (true, digits),
        _ => (false, line),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let value = digits.fold(0_i128, |value, digit| {
        value.saturating_mul(10).saturating_add(i128::from(digit.saturating_sub(b'0')))
    });
    if negative { value.saturating_neg() } else { value }
}

impl Filter for Sort {
    fn take(&mut self, bytes: &[u8], _: &mut dyn Output) -> Result<(), Trouble> {
        let Self { lines, kept, bytes: sum, .. } = self;
        lines.take(bytes, |line| {
            *sum = sum.saturating_add(line.len()).saturating_add(LINE_BYTES);
            if *sum > KEPT_MAX {
                return Err(Trouble::new("more than 256 KiB of lines"));
            }
            kept.push(line.to_vec());
            Ok(())
        })
    }

    fn end_file(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        if self.lines.is_begun() { self.take(b"\n", out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Output) -> Outcome {
        self.end_file(out)?;
        match self.numeric {
            true => self.kept.sort_by_cached_key(|line| number(line)),
            false => self.kept.sort(),
        }
        if self.reverse {
            self.kept.reverse();
        }
        self.kept.iter().try_for_each(|line| write_line(out, line))?;
        Ok(0)
    }
}
