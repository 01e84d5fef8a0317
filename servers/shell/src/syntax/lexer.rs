//! Words and operators of a text.

use super::parser::parse_inside;
use super::{Part, Place, SyntaxError, SyntaxErrorKind, Word};
use alloc::string::String;
use core::iter::Peekable;
use core::str::Chars;

/// The most `$(` in each other.
const DEPTH_MAX: u32 = 8;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word.
    Word(Word),
    /// `;`, `&`, `&&`, `|`, `||`, `>`, `>>`, `<`, or a new line.
    Operator(&'static str),
    /// The end of the text.
    End,
}

/// Whether this can be the name of a variable.
pub fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts && text.chars().all(is_name_character)
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Reads a text.
pub(super) struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    place: Place,
    /// The number of `$(` around this text.
    depth: u32,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, depth: u32) -> Self {
        let place = Place { line: 1, character: 1 };
        Self { rest: text.chars().peekable(), place, depth }
    }

    /// The next piece and its place.
    pub(super) fn next(&mut self) -> Result<(Place, Token), SyntaxError> {
        self.skip_blanks();
        let place = self.place;
        let token = match self.rest.peek() {
            None => Token::End,
            Some(character) if is_operator(*character) => Token::Operator(self.operator()),
            Some(_) => Token::Word(self.word()?),
        };
        Ok((place, token))
    }

    fn take(&mut self) -> Option<char> {
        let character = self.rest.next()?;
        if character == '\n' {
            self.place = Place { line: self.place.line + 1, character: 1 };
        } else {
            self.place.character += 1;
        }
        Some(character)
    }

    fn take_if(&mut self, wanted: char) -> bool {
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

    fn operator(&mut self) -> &'static str {
        match self.take() {
            Some('&') if self.take_if('&') => "&&",
            Some('&') => "&",
            Some('|') if self.take_if('|') => "||",
            Some('|') => "|",
            Some('>') if self.take_if('>') => ">>",
            Some('>') => ">",
            Some('<') => "<",
            Some('\n') => "new line",
            _ => ";",
        }
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
                '$' => self.variable(place, &mut word, false)?,
                _ => word.plain(character),
            }
        }
        match (&word.0[..], self.rest.peek()) {
            ([Part::Plain(text)], Some('>' | '<')) if is_number(text) => {
                Err(SyntaxError { place: self.place, kind: SyntaxErrorKind::Number })
            }
            _ => Ok(word),
        }
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
                Some('$') => self.variable(here, word, true)?,
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

    /// The text up to the `)` of a `$(`, and what it means.
    fn output(&mut self, place: Place, quoted: bool) -> Result<Part, SyntaxError> {
        let bad = |kind| SyntaxError { place, kind };
        let (mut text, mut quote, mut open) = (String::new(), None, 0_u32);
        while let Some(character) = self.take() {
            match (quote, character) {
                (None, ')') if open == 0 => {
                    let depth = self.depth.saturating_add(1);
                    if depth > DEPTH_MAX {
                        return Err(bad(SyntaxErrorKind::TooDeep));
                    }
                    let steps = parse_inside(&text, depth).map_err(|error| bad(error.kind))?;
                    return Ok(Part::Output { steps, quoted });
                }
                (None, '(') => open = open.saturating_add(1),
                (None, ')') => open = open.saturating_sub(1),
                (None, '\'' | '"') => quote = Some(character),
                (Some(opened), closed) if opened == closed => quote = None,
                (None | Some('"'), '\\') => {
                    text.push(character);
                    text.extend(self.take());
                    continue;
                }
                _ => {}
            }
            text.push(character);
        }
        Err(bad(SyntaxErrorKind::OpenOutput))
    }

    fn variable(&mut self, place: Place, word: &mut Word, quoted: bool) -> Result<(), SyntaxError> {
        if self.take_if('(') {
            word.0.push(self.output(place, quoted)?);
            return Ok(());
        }
        let bad = SyntaxError { place, kind: SyntaxErrorKind::BadVariable };
        if self.take_if('?') {
            word.0.push(Part::Variable("?".into()));
            return Ok(());
        }
        let braces = self.take_if('{');
        let mut name = String::new();
        while let Some(character) = self.rest.peek().filter(|next| is_name_character(**next)) {
            name.push(*character);
            self.take();
        }
        if !is_name(&name) && name != "?" || braces && !self.take_if('}') {
            return Err(bad);
        }
        word.0.push(Part::Variable(name));
        Ok(())
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

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_operator(character: char) -> bool {
    matches!(character, ';' | '&' | '|' | '>' | '<' | '\n')
}
