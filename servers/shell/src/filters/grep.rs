//! `grep`: regular expressions, or with `-F` fixed text.

use crate::options::Options;
use crate::stream::{Filter, Lines, Output, Sieve, write_line};
use crate::trouble::{Outcome, Trouble};
use alloc::string::String;
use regex_automata::nfa::thompson::{Config, pikevm};
use regex_automata::util::syntax;

/// The most memory of a compiled expression.
const EXPRESSION_BYTES: usize = 64 << 10;
/// Parentheses in each other.
const NESTING: u32 = 50;

/// What lines are shown, and how.
struct Wanted {
    expression: pikevm::PikeVM,
    cache: pikevm::Cache,
    inverted: bool,
    numbered: bool,
    counted: bool,
    named: bool,
    quiet: bool,
}

struct Grep {
    wanted: Wanted,
    lines: Lines,
    name: String,
    number: u64,
    count: u64,
    found: bool,
}

pub(crate) fn grep(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("cinqvF", "", words)?;
    let [text, files @ ..] = &options.words[..] else { return Err(Trouble::Usage) };
    let pattern = if options.has('F') { escaped(text) } else { String::from(*text) };
    let expression = compiled(&pattern, options.has('i'))
        .map_err(|why| Trouble::new(alloc::format!("`{text}`: {why}")))?;
    let wanted = Wanted {
        cache: expression.create_cache(),
        expression,
        inverted: options.has('v'),
        numbered: options.has('n'),
        counted: options.has('c'),
        named: files.len() > 1,
        quiet: options.has('q'),
    };
    let lines = Lines::default();
    let filter = Grep { wanted, lines, name: String::new(), number: 0, count: 0, found: false };
    Ok(Sieve::new(filter, files))
}

fn compiled(pattern: &str, ignore_case: bool) -> Result<pikevm::PikeVM, &'static str> {
    // Lines are bytes, and no text need be in them.
    let rules = syntax::Config::new().unicode(false).utf8(false).nest_limit(NESTING);
    let limits = Config::new().nfa_size_limit(Some(EXPRESSION_BYTES)).utf8(false);
    pikevm::PikeVM::builder()
        .syntax(rules.case_insensitive(ignore_case))
        .thompson(limits)
        .build(pattern)
        .map_err(|error| match error.size_limit() {
            Some(_) => "the expression is too big",
            None => "not an expression",
        })
}

/// An expression that is this text.
fn escaped(text: &str) -> String {
    let mut expression = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(character) {
            expression.push('\\');
        }
        expression.push(character);
    }
    expression
}

impl Wanted {
    fn fits(&mut self, line: &[u8]) -> bool {
        self.expression.is_match(&mut self.cache, line) != self.inverted
    }

    /// What stands before a line.
    fn title(&self, name: &str) -> String {
        if self.named { alloc::format!("{name}:") } else { String::new() }
    }
}

impl Grep {
    /// The last line of a file may have no end.
    fn rest(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        if self.lines.is_begun() {
            self.take(b"\n", out)?;
        }
        let count = core::mem::take(&mut self.count);
        match self.wanted.counted && !self.wanted.quiet {
            true => {
                let title = self.wanted.title(&self.name);
                write_line(out, alloc::format!("{title}{count}").as_bytes())
            }
            false => Ok(()),
        }
    }
}

impl Filter for Grep {
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble> {
        let Self { wanted, lines, name, number, count, found } = self;
        lines.take(bytes, |line| {
            *number += 1;
            if !wanted.fits(line) {
                return Ok(());
            }
            *found = true;
            *count += 1;
            if wanted.quiet {
                // The first one says all.
                return Err(Trouble::Closed);
            }
            if wanted.counted {
                return Ok(());
            }
            let mut shown = wanted.title(name);
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
        // The rest of a file was seen at its end.
        if self.name.is_empty() {
            self.rest(out)?;
        }
        Ok(u64::from(!self.found))
    }
}
