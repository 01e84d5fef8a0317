//! Words and operators of a text.

use super::{Part, Place, SyntaxError, SyntaxErrorKind, Word};
use alloc::string::String;
use core::iter::Peekable;
use core::str::Chars;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word.
    Word(Word),
    /// `;`, `&`, `&&`, `|`, `||`, a redirection, or a new line.
    Operator(&'static str),
    /// The end of the text.
    End,
}

/// Whether this can be the name of a variable.
pub fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts && text.chars().all(is_name_character)
}

pub(super) fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Reads a text.
pub(super) struct Lexer<'a> {
    pub(super) rest: Peekable<Chars<'a>>,
    pub(super) place: Place,
    /// The number of `$(` and of loops and conditions around this place.
    pub(super) depth: u32,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, line: usize, depth: u32) -> Self {
        let place = Place { line, character: 1 };
        Self { rest: text.chars().peekable(), place, depth }
    }

    /// The next piece and its place.
    pub(super) fn next(&mut self) -> Result<(Place, Token), SyntaxError> {
        self.skip_blanks();
        let place = self.place;
        let token = match self.rest.peek() {
            None => Token::End,
            Some(character) if is_operator(*character) => Token::Operator(self.operator("")?),
            Some(_) => match self.word()? {
                Word(parts) if self.rest.peek().is_some_and(|next| matches!(next, '<' | '>')) => {
                    self.numbered(parts)?
                }
                word => Token::Word(word),
            },
        };
        Ok((place, token))
    }

    pub(super) fn take(&mut self) -> Option<char> {
        let character = self.rest.next()?;
        if character == '\n' {
            self.place = Place { line: self.place.line + 1, character: 1 };
        } else {
            self.place.character += 1;
        }
        Some(character)
    }

    pub(super) fn take_if(&mut self, wanted: char) -> bool {
        let found = self.rest.peek() == Some(&wanted);
        if found {
            self.take();
        }
        found
    }

    /// Skips spaces, comments and new lines behind a backslash.
    fn skip_blanks(&mut self) {
        while let Some(character) = self.rest.peek().copied() {
            match character {
                '#' => {
                    while self.rest.peek().is_some_and(|character| *character != '\n') {
                        self.take();
                    }
                }
                '\n' => return,
                '\\' if self.rest.clone().nth(1) == Some('\n') => {
                    self.take();
                    self.take();
                }
                character if character.is_whitespace() => {
                    self.take();
                }
                _ => return,
            }
        }
    }

    /// A word directly before `>` or `<`: a number names what the redirection is for.
    fn numbered(&mut self, parts: alloc::vec::Vec<Part>) -> Result<Token, SyntaxError> {
        match &parts[..] {
            [Part::Plain(text)] if is_number(text) => Ok(Token::Operator(self.operator(text)?)),
            _ => Ok(Token::Word(Word(parts))),
        }
    }

    /// An operator behind this number.
    fn operator(&mut self, number: &str) -> Result<&'static str, SyntaxError> {
        let place = self.place;
        let first = self.take();
        let redirects = matches!(first, Some('>' | '<'));
        let twice = first.is_some_and(|first| matches!(first, '>' | '&' | '|')) && {
            let again = first.unwrap_or_default();
            self.take_if(again)
        };
        let joined = first == Some('>') && !twice && self.take_if('&');
        let to = if joined { self.take() } else { None };
        Ok(match (number, first, twice, to) {
            ("" | "1", Some('>'), false, None) if !joined => ">",
            ("" | "1", Some('>'), true, _) => ">>",
            ("2", Some('>'), false, None) if !joined => "2>",
            ("2", Some('>'), true, _) => "2>>",
            ("2", Some('>'), false, Some('1')) => "2>&1",
            ("" | "1", Some('>'), false, Some('2')) => ">&2",
            ("" | "0", Some('<'), ..) => "<",
            _ if redirects => return Err(SyntaxError { place, kind: SyntaxErrorKind::Number }),
            (_, Some('&'), true, _) => "&&",
            (_, Some('&'), ..) => "&",
            (_, Some('|'), true, _) => "||",
            (_, Some('|'), ..) => "|",
            (_, Some('\n'), ..) => "new line",
            _ => ";",
        })
    }

    fn word(&mut self) -> Result<Word, SyntaxError> {
        let mut word = Word::default();
        while let Some(character) = self.rest.peek().copied() {
            if character.is_whitespace() || is_operator(character) {
                break;
            }
            let place = self.place;
            self.take();
            match character {
                '\'' => self.single_quoted(place, &mut word)?,
                '"' => self.double_quoted(place, &mut word)?,
                '\\' => self.escaped(place, &mut word)?,
                '$' => word.0.push(self.value(place, false)?),
                _ => word.plain(character),
            }
        }
        Ok(word)
    }

    fn escaped(&mut self, place: Place, word: &mut Word) -> Result<(), SyntaxError> {
        match self.take() {
            None => Err(SyntaxError { place, kind: SyntaxErrorKind::OpenBackslash }),
            Some('\n') => Ok(()),
            Some(character) => {
                word.quoted(character);
                Ok(())
            }
        }
    }

    fn single_quoted(&mut self, place: Place, word: &mut Word) -> Result<(), SyntaxError> {
        word.open_quote();
        while let Some(character) = self.take() {
            if character == '\'' {
                return Ok(());
            }
            word.quoted(character);
        }
        Err(SyntaxError { place, kind: SyntaxErrorKind::OpenQuote('\'') })
    }

    fn double_quoted(&mut self, place: Place, word: &mut Word) -> Result<(), SyntaxError> {
        word.open_quote();
        loop {
            let here = self.place;
            match self.take() {
                Some('"') => return Ok(()),
                Some('$') => word.0.push(self.value(here, true)?),
                Some('\\') => match self.take() {
                    Some(escaped @ ('"' | '\\' | '$')) => word.quoted(escaped),
                    Some(other) => {
                        word.quoted('\\');
                        word.quoted(other);
                    }
                    None => break,
                },
                Some(character) => word.quoted(character),
                None => break,
            }
        }
        Err(SyntaxError { place, kind: SyntaxErrorKind::OpenQuote('"') })
    }
}

impl Word {
    fn plain(&mut self, character: char) {
        match self.0.last_mut() {
            Some(Part::Plain(text)) => text.push(character),
            _ => self.0.push(Part::Plain(character.into())),
        }
    }

    fn quoted(&mut self, character: char) {
        match self.0.last_mut() {
            Some(Part::Quoted(text)) => text.push(character),
            _ => self.0.push(Part::Quoted(character.into())),
        }
    }

    /// An empty pair of quotes is a word, too.
    fn open_quote(&mut self) {
        if !matches!(self.0.last(), Some(Part::Quoted(_))) {
            self.0.push(Part::Quoted(String::new()));
        }
    }
}

pub(super) fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_operator(character: char) -> bool {
    matches!(character, ';' | '&' | '|' | '>' | '<' | '\n')
}
