//! A line becomes commands, a command becomes words.
//!
//! `;` ends a command. `'…'` keeps everything, `"…"` keeps everything but `\"` and
//! `\\`, a backslash keeps the next character, `#` at the start of a word begins a comment.

use alloc::string::String;
use alloc::vec::Vec;

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineError {
    /// A quote has no partner.
    OpenQuote(char),
    /// The line ends in a backslash.
    OpenBackslash,
}

impl core::fmt::Display for LineError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::OpenQuote(quote) => write!(f, "a {quote} has no partner"),
            Self::OpenBackslash => f.write_str("the line ends in a backslash"),
        }
    }
}

#[derive(Default)]
struct Splitter {
    commands: Vec<Vec<String>>,
    words: Vec<String>,
    /// The word being read; `Some("")` after an empty pair of quotes.
    word: Option<String>,
}

impl Splitter {
    fn push(&mut self, character: char) {
        self.word.get_or_insert_default().push(character);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(core::mem::take(&mut self.words));
        }
    }

    fn quoted(
        &mut self,
        quote: char,
        rest: &mut impl Iterator<Item = char>,
    ) -> Result<(), LineError> {
        self.word.get_or_insert_default();
        while let Some(character) = rest.next() {
            match character {
                _ if character == quote => return Ok(()),
                '\\' if quote == '"' => match rest.next() {
                    Some(escaped @ ('"' | '\\')) => self.push(escaped),
                    Some(other) => {
                        self.push('\\');
                        self.push(other);
                    }
                    None => break,
                },
                _ => self.push(character),
            }
        }
        Err(LineError::OpenQuote(quote))
    }
}

/// The commands of a line, each as its words.
///
/// # Errors
/// [`LineError`]: nothing should be run then.
pub fn commands(line: &str) -> Result<Vec<Vec<String>>, LineError> {
    let mut splitter = Splitter::default();
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        match character {
            ';' => splitter.end_command(),
            '#' if splitter.word.is_none() => break,
            '\'' | '"' => splitter.quoted(character, &mut rest)?,
            '\\' => splitter.push(rest.next().ok_or(LineError::OpenBackslash)?),
            _ if character.is_whitespace() => splitter.end_word(),
            _ => splitter.push(character),
        }
    }
    splitter.end_command();
    Ok(splitter.commands)
}

#[cfg(test)]
mod tests {
    use super::{LineError, commands};

    #[test]
    fn words_and_commands() {
        assert_eq!(
            commands(" ps ;run  hello you;").unwrap(),
            [vec!["ps"], vec!["run", "hello", "you"]]
        );
        assert_eq!(commands(" ; ;; ").unwrap(), Vec::<Vec<String>>::new());
        assert_eq!(commands("ps # and more; x").unwrap(), [["ps"]]);
        assert_eq!(commands("a#b").unwrap(), [["a#b"]]);
    }

    #[test]
    fn quotes_keep_what_they_hold() {
        assert_eq!(commands("echo 'a; b' \"c  'd'\"").unwrap(), [["echo", "a; b", "c  'd'"]]);
        assert_eq!(
            commands(r#"echo "a\"b\\c\d" e\ f ''"#).unwrap(),
            [["echo", r#"a"b\c\d"#, "e f", ""]]
        );
        assert_eq!(commands("say 'a'\"b\"c").unwrap(), [["say", "abc"]]);
    }

    #[test]
    fn open_ends_are_errors() {
        assert_eq!(commands("echo 'a"), Err(LineError::OpenQuote('\'')));
        assert_eq!(commands("echo \"a\\"), Err(LineError::OpenQuote('"')));
        assert_eq!(commands("echo a\\"), Err(LineError::OpenBackslash));
    }
}
