//! Pipelines of a text.

use super::Word;
use super::lexer::{Lexer, Token, is_name};
use super::values::DEPTH_MAX;
use super::{
    Command, Control, Direction, Part, Place, Redirect, Step, SyntaxError, SyntaxErrorKind, When,
};
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

/// Words that begin a loop, a condition or a group.
const OPENING: [&str; 5] = ["if", "for", "while", "until", "{"];
/// Words that go on in one, or end it.
const CLOSING: [&str; 7] = ["then", "elif", "else", "fi", "do", "done", "}"];

/// The pipelines of a line or script.
///
/// # Errors
/// [`SyntaxError`]: nothing should be run then.
pub fn parse(text: &str) -> Result<Vec<Step>, SyntaxError> {
    parse_inside(text, 1, 0)
}

/// The same from this line on, inside of this number of `$(`.
pub(super) fn parse_inside(text: &str, line: usize, depth: u32) -> Result<Vec<Step>, SyntaxError> {
    let mut parser = Parser { lexer: Lexer::new(text, line, depth) };
    parser.list(None, &[]).map(|(steps, _)| steps)
}

/// What ends a command.
enum End {
    Operator(&'static str),
    /// One of [`CLOSING`] in the place of a command.
    Word(&'static str),
    Text,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
}

impl Parser<'_> {
    /// Pipelines up to one of these words, which is returned; without any, up to the end of the
    /// text. `open` is what has to be ended.
    fn list(
        &mut self,
        open: Option<(Place, &'static str)>,
        ends: &[&'static str],
    ) -> Result<(Vec<Step>, &'static str), SyntaxError> {
        let (mut steps, mut commands) = (Vec::new(), Vec::new());
        let mut when = When::Always;
        // An operator that asks for a command behind it.
        let mut owed: Option<(Place, &'static str)> = None;
        let mut line = 0;
        loop {
            let (begin, command, place, end) = self.command()?;
            let is_empty = command == Command::default();
            let bad = |place, kind| Err(SyntaxError { place, kind });
            let operator = match end {
                End::Operator(operator) => operator,
                End::Word(_) | End::Text => "",
            };
            if is_empty && owed.is_some() && operator == "new line" {
                continue;
            }
            let joins = matches!(operator, "|" | "||" | "&&" | "&");
            match (owed, &end) {
                (_, _) if !is_empty => {}
                (Some((place, operator)), End::Text) => {
                    return bad(place, SyntaxErrorKind::NoEnd(operator));
                }
                (Some((place, operator)), _) if !joins => {
                    return bad(place, SyntaxErrorKind::NoCommand(operator));
                }
                (_, _) if joins => return bad(place, SyntaxErrorKind::NoCommand(operator)),
                _ => {}
            }
            if commands.is_empty() {
                line = begin.line;
            }
            if !is_empty {
                commands.push(command);
            }
            owed = matches!(operator, "|" | "||" | "&&").then_some((place, operator));
            if operator == "|" {
                continue;
            }
            if !commands.is_empty() {
                let commands = core::mem::take(&mut commands);
                steps.push(Step { when, commands, background: operator == "&", line });
            }
            when = match operator {
                "&&" => When::Success,
                "||" => When::Failure,
                _ => When::Always,
            };
            match (end, open) {
                (End::Operator(_), _) => {}
                (End::Text, None) => return Ok((steps, "")),
                (End::Text, Some((place, word))) => {
                    let wants = ends.last().copied().unwrap_or_default();
                    return bad(place, SyntaxErrorKind::Open { word, wants });
                }
                (End::Word(word), _) if !ends.contains(&word) => {
                    return bad(place, SyntaxErrorKind::Stray(word));
                }
                (End::Word(word), _) if steps.is_empty() => {
                    return bad(place, SyntaxErrorKind::NoCommand(word));
                }
                (End::Word(word), _) => return Ok((steps, word)),
            }
        }
    }

    /// The place of a command, the command, and what ends it with the place of that.
    fn command(&mut self) -> Result<(Place, Command, Place, End), SyntaxError> {
        let mut command = Command::default();
        let mut begin = None;
        // The last word of what stands in place of a command's words.
        let mut closed = None;
        loop {
            let (place, token) = self.lexer.next()?;
            let begin = *begin.get_or_insert(place);
            let direction = match token {
                Token::End => return Ok((begin, command, place, End::Text)),
                Token::Operator(sign) => match Direction::of(sign) {
                    Some(direction) => direction,
                    None => return Ok((begin, command, place, End::Operator(sign))),
                },
                Token::Word(word) => {
                    let is_first = closed.is_none() && command.is_prefix();
                    // A word that ends something may stand directly behind the end of another one.
                    let ends = closed.is_some() || command == Command::default();
                    if let Some(word) = keyword(&word, &OPENING).filter(|_| is_first) {
                        let (control, end) = self.control(place, word)?;
                        command.control = Some(Rc::new(control));
                        closed = Some(end);
                    } else if let Some(word) = keyword(&word, &CLOSING).filter(|_| ends) {
                        return Ok((begin, command, place, End::Word(word)));
                    } else if let Some(word) = closed {
                        return Err(SyntaxError { place, kind: SyntaxErrorKind::Behind(word) });
                    } else {
                        command.add(word);
                    }
                    continue;
                }
            };
            let target = match direction.has_file() {
                false => Word::default(),
                true => match self.lexer.next()? {
                    (_, Token::Word(target)) => target,
                    _ => {
                        let kind = SyntaxErrorKind::NoFile(direction.sign());
                        return Err(SyntaxError { place, kind });
                    }
                },
            };
            command.redirect(place, Redirect { direction, target })?;
        }
    }

    /// What this word begins, and the word that ends it.
    fn control(
        &mut self,
        place: Place,
        word: &'static str,
    ) -> Result<(Control, &'static str), SyntaxError> {
        self.lexer.depth = self.lexer.depth.saturating_add(1);
        if self.lexer.depth > DEPTH_MAX {
            return Err(SyntaxError { place, kind: SyntaxErrorKind::TooDeep });
        }
        let open = Some((place, word));
        let control = match word {
            "if" => (self.condition(place)?, "fi"),
            "for" => (self.each(place)?, "done"),
            "{" => (Control::Group(self.list(open, &["}"])?.0), "}"),
            _ => {
                let (condition, _) = self.list(open, &["do"])?;
                let (body, _) = self.list(open, &["done"])?;
                (Control::While { condition, until: word == "until", body }, "done")
            }
        };
        self.lexer.depth = self.lexer.depth.saturating_sub(1);
        Ok(control)
    }

    fn condition(&mut self, place: Place) -> Result<Control, SyntaxError> {
        let open = Some((place, "if"));
        let (mut branches, mut otherwise) = (Vec::new(), Vec::new());
        loop {
            let (condition, _) = self.list(open, &["then"])?;
            let (body, end) = self.list(open, &["elif", "else", "fi"])?;
            branches.push((condition, body));
            match end {
                "elif" => continue,
                "else" => (otherwise, _) = self.list(open, &["fi"])?,
                _ => {}
            }
            return Ok(Control::If { branches, otherwise });
        }
    }

    fn each(&mut self, place: Place) -> Result<Control, SyntaxError> {
        let bad = |place, kind| Err(SyntaxError { place, kind });
        let unfinished = SyntaxErrorKind::Open { word: "for", wants: "done" };
        let (at, token) = self.lexer.next()?;
        let name = match &token {
            Token::End => return bad(place, unfinished),
            Token::Word(word) => plain(word).filter(|name| is_name(name)),
            Token::Operator(_) => None,
        };
        let Some(name) = name.map(String::from) else { return bad(at, SyntaxErrorKind::NoName) };
        let mut words = None;
        loop {
            match self.lexer.next()? {
                (_, Token::Operator(";" | "new line")) => {}
                (_, Token::Word(word)) if plain(&word) == Some("do") => break,
                (_, Token::Word(word)) if words.is_none() && plain(&word) == Some("in") => {
                    words = Some(self.words()?);
                }
                (_, Token::End) => return bad(place, unfinished),
                (at, _) => return bad(at, SyntaxErrorKind::NoDo),
            }
        }
        let (body, _) = self.list(Some((place, "for")), &["done"])?;
        Ok(Control::For { name, words, body })
    }

    /// Words up to a `;` or the end of the line.
    fn words(&mut self) -> Result<Vec<Word>, SyntaxError> {
        let mut words = Vec::new();
        loop {
            match self.lexer.next()? {
                (_, Token::Word(word)) => words.push(word),
                (_, Token::Operator(";" | "new line") | Token::End) => return Ok(words),
                (place, Token::Operator(_)) => {
                    return Err(SyntaxError { place, kind: SyntaxErrorKind::NoDo });
                }
            }
        }
    }
}

/// The text of a word without quotes and variables.
fn plain(word: &Word) -> Option<&str> {
    match &word.0[..] {
        [Part::Plain(text)] => Some(text),
        _ => None,
    }
}

fn keyword(word: &Word, of: &[&'static str]) -> Option<&'static str> {
    let text = plain(word)?;
    of.iter().copied().find(|keyword| *keyword == text)
}

const DIRECTIONS: [(&str, Direction); 7] = [
    ("<", Direction::Input),
    (">", Direction::Replace),
    (">>", Direction::Append),
    (">&2", Direction::ToErrors),
    ("2>", Direction::ErrorsReplace),
    ("2>>", Direction::ErrorsAppend),
    ("2>&1", Direction::ErrorsToOutput),
];

impl Direction {
    fn of(sign: &str) -> Option<Self> {
        DIRECTIONS.iter().find(|(known, _)| *known == sign).map(|(_, direction)| *direction)
    }

    fn sign(self) -> &'static str {
        DIRECTIONS.iter().find(|(_, known)| *known == self).map_or("", |(sign, _)| sign)
    }

    fn has_file(self) -> bool {
        !matches!(self, Self::ToErrors | Self::ErrorsToOutput)
    }
}

impl Command {
    /// Whether a loop, a condition or a group can follow.
    fn is_prefix(&self) -> bool {
        let is_prefix = |word: &Word| matches!(plain(word), Some("!" | "time"));
        self.sets.is_empty() && self.redirects.is_empty() && self.words.iter().all(is_prefix)
    }

    fn add(&mut self, word: Word) {
        let set = if self.words.is_empty() { as_set(&word) } else { None };
        match set {
            Some(set) => self.sets.push(set),
            None => self.words.push(word),
        }
    }

    fn redirect(&mut self, place: Place, redirect: Redirect) -> Result<(), SyntaxError> {
        let joined = |before: &Redirect| {
            matches!(before.direction, Direction::ErrorsToOutput | Direction::ToErrors)
        };
        if self.redirects.iter().any(joined) {
            // Others read the order; here each of the two has one place for all of a command.
            return Err(SyntaxError { place, kind: SyntaxErrorKind::Joined });
        }
        self.redirects.push(redirect);
        Ok(())
    }
}

/// `NAME=…`, with the name and the sign unquoted.
fn as_set(word: &Word) -> Option<(String, Word)> {
    let (Part::Plain(first), rest) = word.0.split_first()? else { return None };
    let (name, value) = first.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let mut parts = Vec::new();
    if !value.is_empty() {
        parts.push(Part::Plain(value.into()));
    }
    parts.extend(rest.iter().cloned());
    Some((name.into(), Word(parts)))
}
