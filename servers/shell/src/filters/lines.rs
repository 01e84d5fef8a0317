//! `cat`, `head`, `tail`.

use crate::options::Options;
use crate::stream::{Filter, KEPT_MAX, Output, Sieve};
use crate::trouble::{Outcome, Trouble};
use alloc::collections::VecDeque;

const LINES: u64 = 10;

struct Cat;

pub(crate) fn cat(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("", "", words)?;
    Ok(Sieve::new(Cat, &options.words))
}

impl Filter for Cat {
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble> {
        out.write(bytes)
    }

    fn end(&mut self, _: &mut dyn Output) -> Outcome {
        Ok(0)
    }
}

/// Writes a line over files when there are several.
#[derive(Default)]
struct Titles {
    several: bool,
    begun: bool,
}

impl Titles {
    fn begin(&mut self, name: &str, out: &mut dyn Output) -> Result<(), Trouble> {
        if !self.several {
            return Ok(());
        }
        let space = if core::mem::replace(&mut self.begun, true) { "\n" } else { "" };
        out.write(alloc::format!("{space}==> {name} <==\n").as_bytes())
    }
}

/// The number of lines that are shown, or of bytes and true.
fn most(options: &Options<'_>) -> Result<(u64, bool), Trouble> {
    match (options.number('n')?, options.number('c')?) {
        (lines, None) => Ok((lines.unwrap_or(LINES), false)),
        (None, Some(bytes)) => Ok((bytes, true)),
        _ => Err(Trouble::Usage),
    }
}

struct Head {
    /// The lines of each file, or its bytes.
    most: u64,
    bytes: bool,
    left: u64,
    titles: Titles,
}

pub(crate) fn head(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("", "nc", words)?;
    let (most, bytes) = most(&options)?;
    let titles = Titles { several: options.words.len() > 1, begun: false };
    Ok(Sieve::new(Head { most, bytes, left: most, titles }, &options.words))
}

impl Filter for Head {
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble> {
        let mut len = 0;
        for byte in bytes {
            if self.left == 0 {
                break;
            }
            len += 1;
            self.left -= u64::from(self.bytes || *byte == b'\n');
        }
        out.write(bytes.get(..len).unwrap_or(bytes))?;
        // Files behind this one have their own lines.
        if self.left == 0 && !self.titles.several { Err(Trouble::Closed) } else { Ok(()) }
    }

    fn begin_file(&mut self, name: &str, out: &mut dyn Output) -> Result<(), Trouble> {
        self.left = self.most;
        self.titles.begin(name, out)
    }

    fn end(&mut self, _: &mut dyn Output) -> Outcome {
        Ok(0)
    }
}

struct Tail {
    /// The lines of each file, or its bytes.
    most: usize,
    bytes: bool,
    kept: VecDeque<u8>,
    /// Ends of lines in `kept`.
    ends: usize,
    titles: Titles,
}

pub(crate) fn tail(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("", "nc", words)?;
    let (most, bytes) = most(&options)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let titles = Titles { several: options.words.len() > 1, begun: false };
    Ok(Sieve::new(Tail { most, bytes, kept: VecDeque::new(), ends: 0, titles }, &options.words))
}

impl Tail {
    /// Drops what is before the last lines. The last one may have no end.
    fn trim(&mut self) {
        if self.bytes {
            self.kept.drain(..self.kept.len().saturating_sub(self.most));
            return;
        }
        let open = usize::from(self.kept.back().is_some_and(|byte| *byte != b'\n'));
        while self.ends.saturating_add(open) > self.most
            && let Some(byte) = self.kept.pop_front()
        {
            self.ends -= usize::from(byte == b'\n');
        }
    }
}

impl Filter for Tail {
    fn take(&mut self, bytes: &[u8], _: &mut dyn Output) -> Result<(), Trouble> {
        for byte in bytes {
            self.kept.push_back(*byte);
            self.ends += usize::from(*byte == b'\n');
        }
        self.trim();
        if self.kept.len() > KEPT_MAX {
            return Err(Trouble::new("what is shown is longer than 256 KiB"));
        }
        Ok(())
    }

    fn begin_file(&mut self, name: &str, out: &mut dyn Output) -> Result<(), Trouble> {
        self.titles.begin(name, out)
    }

    fn end_file(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        self.end(out).map(drop)
    }

    fn end(&mut self, out: &mut dyn Output) -> Outcome {
        self.ends = 0;
        out.write(core::mem::take(&mut self.kept).make_contiguous())?;
        Ok(0)
    }
}
