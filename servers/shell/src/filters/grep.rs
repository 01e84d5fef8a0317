//! `grep`, for fixed text.

use crate::options::Options;
use crate::stream::{Filter, Lines, Output, Sieve, write_line};
use crate::trouble::{Outcome, Trouble};
use alloc::string::String;
use alloc::vec::Vec;

/// What lines are shown, and how.
struct Wanted {
    text: Vec<u8>,
    ignore_case: bool,
    inverted: bool,
    numbered: bool,
    named: bool,
}

struct Grep {
    wanted: Wanted,
    lines: Lines,
    name: String,
    number: u64,
    found: bool,
}

pub(crate) fn grep(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("niv", "", words)?;
    let [text, files @ ..] = &options.words[..] else { return Err(Trouble::Usage) };
    let ignore_case = options.has('i');
    let text = if ignore_case { text.to_lowercase() } else { String::from(*text) };
    let wanted = Wanted {
        text: text.into_bytes(),
        ignore_case,
        inverted: options.has('v'),
        numbered: options.has('n'),
        named: files.len() > 1,
    };
    let filter =
        Grep { wanted, lines: Lines::default(), name: String::new(), number: 0, found: false };
    Ok(Sieve::new(filter, files))
}

impl Wanted {
    fn fits(&self, line: &[u8]) -> bool {
        let has = match self.ignore_case {
            true => contains(String::from_utf8_lossy(line).to_lowercase().as_bytes(), &self.text),
            false => contains(line, &self.text),
        };
        has != self.inverted
    }
}

fn contains(line: &[u8], text: &[u8]) -> bool {
    text.is_empty() || line.windows(text.len()).any(|part| part == text)
}

impl Grep {
    /// The last line of a file may have no end.
    fn rest(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        if self.lines.is_begun() { self.take(b"\n", out) } else { Ok(()) }
    }
}

impl Filter for Grep {
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble> {
        let Self { wanted, lines, name, number, found } = self;
        lines.take(bytes, |line| {
            *number += 1;
            if !wanted.fits(line) {
                return Ok(());
            }
            *found = true;
            let mut shown = String::new();
            if wanted.named {
                shown = alloc::format!("{name}:");
            }
            if wanted.numbered {
                shown.push_str(&alloc::format!("{number}:"));
            }
            let mut whole = shown.into_bytes();
            whole.extend_from_slice(line);
            write_line(out, &whole)
        })
    }

    fn begin_file(&mut self, name: &str, _: &mut dyn Output) -> Result<(), Trouble> {
        (self.name, self.number) = (name.into(), 0);
        Ok(())
    }

    fn end_file(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        self.rest(out)
    }

    fn end(&mut self, out: &mut dyn Output) -> Outcome {
        self.rest(out)?;
        Ok(u64::from(!self.found))
    }
}
