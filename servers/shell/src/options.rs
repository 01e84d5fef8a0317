//! Options in front of a command's arguments.

use crate::trouble::Trouble;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The options that a command was given, and its other words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options<'a> {
    letters: String,
    values: Vec<(char, String)>,
    /// The words behind the options.
    pub(crate) words: Vec<&'a str>,
}

impl<'a> Options<'a> {
    /// Reads options of these letters; those in `valued` have a value. `--` ends them, `-` is a
    /// word, and `-3` is short for `-n 3`.
    ///
    /// # Errors
    /// [`Trouble::Usage`] for any other option.
    pub(crate) fn read(letters: &str, valued: &str, words: &[&'a str]) -> Result<Self, Trouble> {
        let mut found = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.strip_prefix('-') {
                Some("-") => break,
                // `head -3` is as old as `head -n 3`.
                Some(count) if valued.contains('n') && is_number(count) => {
                    found.values.push(('n', count.to_string()));
                }
                Some(options) if !options.is_empty() => {
                    found.option(options, (letters, valued), &mut rest)?;
                }
                _ => found.words.push(word),
            }
        }
        found.words.extend(rest);
        Ok(found)
    }

    fn option(
        &mut self,
        options: &str,
        (letters, valued): (&str, &str),
        rest: &mut core::slice::Iter<'_, &'a str>,
    ) -> Result<(), Trouble> {
        let mut characters = options.chars();
        while let Some(letter) = characters.next() {
            if letters.contains(letter) {
                self.letters.push(letter);
            } else if valued.contains(letter) {
                let value = match characters.as_str() {
                    "" => (*rest.next().ok_or(Trouble::Usage)?).to_string(),
                    value => value.to_string(),
                };
                self.values.push((letter, value));
                return Ok(());
            } else {
                return Err(Trouble::Usage);
            }
        }
        Ok(())
    }

    /// Whether this option was given.
    pub(crate) fn has(&self, letter: char) -> bool {
        self.letters.contains(letter)
    }

    /// The last value of this option.
    pub(crate) fn value(&self, letter: char) -> Option<&str> {
        let found = self.values.iter().rfind(|(found, _)| *found == letter);
        found.map(|(_, value)| value.as_str())
    }

    /// The last value of this option as a number.
    ///
    /// # Errors
    /// [`Trouble::Usage`] when it is none.
    pub(crate) fn number(&self, letter: char) -> Result<Option<u64>, Trouble> {
        self.value(letter).map(|value| value.parse().map_err(|_| Trouble::Usage)).transpose()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn options_and_words() {
        let found = Options::read("rf", "n", &["-r", "a", "-fn", "3", "-", "--", "-x"]).unwrap();
        assert!(found.has('r') && found.has('f') && !found.has('n'));
        assert_eq!(found.number('n').unwrap(), Some(3));
        assert_eq!(found.words, ["a", "-", "-x"]);
        assert_eq!(Options::read("", "n", &["-n12"]).unwrap().number('n').unwrap(), Some(12));
        let short = Options::read("", "n", &["-12", "a"]).unwrap();
        assert_eq!((short.number('n').unwrap(), &short.words[..]), (Some(12), &["a"][..]));
        for wrong in [&["-x"][..], &["-n"]] {
            assert!(Options::read("r", "n", wrong).is_err());
        }
        assert!(Options::read("", "n", &["-nx"]).unwrap().number('n').is_err());
    }
}
