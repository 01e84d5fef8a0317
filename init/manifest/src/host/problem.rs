//! What is wrong in a manifest, and where.

use core::cell::RefCell;
use core::fmt;
use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::vec::Vec;

/// One thing that is wrong: displays as `file:line: what; what to do`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as it was named to the check.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

impl core::error::Error for Problem {}

/// Collects problems while reading goes on.
pub(super) struct Problems<'t> {
    text: &'t str,
    file: &'t str,
    found: RefCell<Vec<Problem>>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str, file: &'t str) -> Self {
        Self { text, file, found: RefCell::new(Vec::new()) }
    }

    /// Adds one at a byte offset of the text.
    pub(super) fn add(&self, at: usize, text: String) {
        let problem = Problem { file: self.file.to_owned(), line: self.line(at), text };
        self.found.borrow_mut().push(problem);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// The line of a byte offset.
    pub(super) fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().iter().take(at);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    pub(super) fn finish(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort();
        found.dedup();
        found
    }
}

/// `; did you mean …?` when one of the choices is near, else `; {otherwise}`.
pub(super) fn hint<'c>(
    wrong: &str,
    choices: impl Iterator<Item = &'c str>,
    otherwise: &str,
) -> String {
    let nearest = choices
        .map(|choice| (strsim::damerau_levenshtein(wrong, choice), choice))
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((distance, choice)) if distance <= 1 + choice.len() / 4 => {
            format!("; did you mean `{choice}`?")
        }
        _ => format!("; {otherwise}"),
    }
}
