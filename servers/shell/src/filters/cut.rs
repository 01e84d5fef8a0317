//! `cut`.

use crate::options::Options;
use crate::stream::{Filter, Lines, Output, Sieve, write_line};
use crate::trouble::{Outcome, Trouble};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

struct Cut {
    lines: Lines,
    wanted: Vec<Range>,
    /// Fields end here; without it characters are counted.
    separator: Option<char>,
}

/// Numbers from 1, both ends included.
type Range = (usize, usize);

pub(crate) fn cut(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("", "fcd", words)?;
    let separator = options.value('d').unwrap_or("\t").parse().map_err(|_| Trouble::Usage)?;
    let (list, separator) = match (options.value('f'), options.value('c')) {
        (Some(fields), None) => (fields, Some(separator)),
        (None, Some(characters)) => (characters, None),
        _ => return Err(Trouble::Usage),
    };
    let wanted = list.split(',').map(range).collect::<Option<_>>().ok_or(Trouble::Usage)?;
    Ok(Sieve::new(Cut { lines: Lines::default(), wanted, separator }, &options.words))
}

/// `3`, `3-5`, `3-`, `-5`.
fn range(text: &str) -> Option<Range> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let end =
        |text: &str, open: usize| if text.is_empty() { Some(open) } else { text.parse().ok() };
    let range = (end(first, 1)?, end(last, usize::MAX)?);
    (!text.is_empty() && text != "-" && range.0 >= 1 && range.0 <= range.1).then_some(range)
}

impl Cut {
    fn part(&self, line: &str) -> String {
        let wanted = |place: &usize| {
            self.wanted.iter().any(|(first, last)| (*first..=*last).contains(&(place + 1)))
        };
        let chosen = |(place, _): &(usize, _)| wanted(place);
        match self.separator {
            None => line.chars().enumerate().filter(chosen).map(|(_, one)| one).collect(),
            // A line without fields is shown whole.
            Some(separator) if !line.contains(separator) => line.to_string(),
            Some(separator) => {
                let fields = line.split(separator).enumerate();
                let fields: Vec<&str> =
                    fields.filter(|(place, _)| wanted(place)).map(|(_, field)| field).collect();
                fields.join(separator.encode_utf8(&mut [0; 4]))
            }
        }
    }
}

impl Filter for Cut {
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble> {
        let mut lines = core::mem::take(&mut self.lines);
        let taken = lines.take(bytes, |line| {
            write_line(out, self.part(&String::from_utf8_lossy(line)).as_bytes())
        });
        self.lines = lines;
        taken
    }

    fn end_file(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        if self.lines.is_begun() { self.take(b"\n", out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Output) -> Outcome {
        self.end_file(out)?;
        Ok(0)
    }
}
