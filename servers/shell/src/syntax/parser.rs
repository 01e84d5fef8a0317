//! Pipelines of a text.

use super::Word;
use super::lexer::{Lexer, Token, is_name};
use super::{Command, Direction, Part, Place, Redirect, Step, SyntaxError, SyntaxErrorKind, When};
use alloc::string::String;
use alloc::vec::Vec;

/// The pipelines of a line or script.
///
/// # Errors
/// [`SyntaxError`]: nothing should be run then.
pub fn parse(text: &str) -> Result<Vec<Step>, SyntaxError> {
    parse_inside(text, 0)
}

/// The same inside of this number of `$(`.
pub(super) fn parse_inside(text: &str, depth: u32) -> Result<Vec<Step>, SyntaxError> {
    Parser { lexer: Lexer::new(text, depth), steps: Vec::new(), commands: Vec::new() }.run()
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    steps: Vec<Step>,
    /// Those of the pipeline that is being read.
    commands: Vec<Command>,
}

impl Parser<'_> {
    fn run(mut self) -> Result<Vec<Step>, SyntaxError> {
        let mut when = When::Always;
        // An operator that asks for a command behind it.
        let mut owed: Option<(Place, &'static str)> = None;
        loop {
            let (command, place, end) = self.command()?;
            let is_empty = command == Command::default();
            let operator = match end {
                Token::Operator(operator) => operator,
                _ => "",
            };
            if is_empty && owed.is_some() && operator == "new line" {
                continue;
            }
            let joins = matches!(operator, "|" | "||" | "&&" | "&");
            if is_empty && (joins || owed.is_some()) {
                let (place, operator) = match owed {
                    Some(owed) if !joins => owed,
                    _ => (place, operator),
                };
                return Err(SyntaxError { place, kind: SyntaxErrorKind::NoCommand(operator) });
            }
            if !is_empty {
                self.commands.push(command);
            }
            owed = matches!(operator, "|" | "||" | "&&").then_some((place, operator));
            if operator == "|" {
                continue;
            }
            self.end_step(when, operator == "&");
            when = match operator {
                "&&" => When::Success,
                "||" => When::Failure,
                "" => return Ok(self.steps),
                _ => When::Always,
            };
        }
    }

    fn end_step(&mut self, when: When, background: bool) {
        let commands = core::mem::take(&mut self.commands);
        if !commands.is_empty() {
            self.steps.push(Step { when, commands, background });
        }
    }

    /// A command, and the place of what ends it.
    fn command(&mut self) -> Result<(Command, Place, Token), SyntaxError> {
        let mut command = Command::default();
        loop {
            let (place, token) = self.lexer.next()?;
            let direction = match token {
                Token::Word(word) => {
                    command.add(word);
                    continue;
                }
                Token::Operator("<") => Direction::Input,
                Token::Operator(">") => Direction::Replace,
                Token::Operator(">>") => Direction::Append,
                end => return Ok((command, place, end)),
            };
            let (_, Token::Word(target)) = self.lexer.next()? else {
                let kind = SyntaxErrorKind::NoFile(direction.sign());
                return Err(SyntaxError { place, kind });
            };
            command.redirects.push(Redirect { direction, target });
        }
    }
}

impl Direction {
    fn sign(self) -> &'static str {
        match self {
            Self::Input => "<",
            Self::Replace => ">",
            Self::Append => ">>",
        }
    }
}

impl Command {
    fn add(&mut self, word: Word) {
        let set = if self.words.is_empty() { as_set(&word) } else { None };
        match set {
            Some(set) => self.sets.push(set),
            None => self.words.push(word),
        }
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
