//! `wc`.

use crate::options::Options;
use crate::stream::{Filter, Output, Sieve};
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::String;

/// Counts of lines, words and bytes.
type Counts = [u64; 3];

struct Wc {
    /// Which counts are shown.
    shown: [bool; 3],
    counts: Counts,
    total: Counts,
    files: usize,
    name: String,
    in_word: bool,
}

pub(crate) fn wc(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("lwc", "", words)?;
    let shown = ['l', 'w', 'c'].map(|letter| options.has(letter));
    let shown = if shown.contains(&true) { shown } else { [true; 3] };
    let filter = Wc {
        shown,
        counts: [0; 3],
        total: [0; 3],
        files: options.words.len(),
        name: String::new(),
        in_word: false,
    };
    Ok(Sieve::new(filter, &options.words))
}

impl Wc {
    fn line(&self, counts: &Counts, name: &str) -> String {
        let shown = counts.iter().zip(&self.shown).filter(|(_, shown)| **shown);
        let mut line: String = shown.map(|(count, _)| format!("{count:>7} ")).collect();
        line.push_str(name);
        format!("{}\n", line.trim_end())
    }
}

impl Filter for Wc {
    fn take(&mut self, bytes: &[u8], _: &mut dyn Output) -> Result<(), Trouble> {
        for byte in bytes {
            let is_space = byte.is_ascii_whitespace();
            self.counts[0] += u64::from(*byte == b'\n');
            self.counts[1] += u64::from(!is_space && !self.in_word);
            self.counts[2] += 1;
            self.in_word = !is_space;
        }
        Ok(())
    }

    fn begin_file(&mut self, name: &str, _: &mut dyn Output) -> Result<(), Trouble> {
        (self.name, self.in_word) = (name.into(), false);
        Ok(())
    }

    fn end_file(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        let counts = core::mem::take(&mut self.counts);
        self.total.iter_mut().zip(&counts).for_each(|(total, count)| *total += count);
        let line = self.line(&counts, &self.name);
        out.write(line.as_bytes())
    }

    fn end(&mut self, out: &mut dyn Output) -> Outcome {
        match self.files {
            0 => out.write(self.line(&self.counts, "").as_bytes())?,
            1 => {}
            _ => out.write(self.line(&self.total, "total").as_bytes())?,
        }
        Ok(0)
    }
}
