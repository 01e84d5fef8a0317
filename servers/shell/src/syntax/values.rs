//! What stands behind a `$`: a variable, the output of commands, a sum.

use super::lexer::{Lexer, is_name, is_name_character, is_number};
use super::parser::parse_inside;
use super::{Part, Place, SyntaxError, SyntaxErrorKind};
use alloc::string::String;

/// The most `$(`, loops and conditions in each other.
pub(super) const DEPTH_MAX: u32 = 16;

impl Lexer<'_> {
    /// The part of a word behind a `$`, which was read.
    pub(super) fn value(&mut self, place: Place, quoted: bool) -> Result<Part, SyntaxError> {
        if self.take_if('(') {
            let (text, line) = (self.inside(place)?, place.line);
            if let Some(sum) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
                return Ok(Part::Sum(sum.into()));
            }
            return self.output(&text, Place { line, ..place }, quoted);
        }
        let special = self.rest.peek().copied().filter(|next| "?#@*".contains(*next));
        if let Some(special) = special {
            self.take();
            return Ok(Part::Variable(special.into()));
        }
        if let Some(digit) = self.rest.peek().copied().filter(char::is_ascii_digit) {
            self.take();
            return Ok(Part::Variable(digit.into()));
        }
        let braces = self.take_if('{');
        let mut name = String::new();
        while let Some(character) = self.rest.peek().filter(|next| is_name_character(**next)) {
            name.push(*character);
            self.take();
        }
        let names = is_name(&name) || braces && !name.is_empty() && is_number(&name);
        if !names || braces && !self.take_if('}') {
            return Err(SyntaxError { place, kind: SyntaxErrorKind::BadVariable });
        }
        Ok(Part::Variable(name))
    }

    fn output(&self, text: &str, place: Place, quoted: bool) -> Result<Part, SyntaxError> {
        let bad = |kind| SyntaxError { place, kind };
        let depth = self.depth.saturating_add(1);
        if depth > DEPTH_MAX {
            return Err(bad(SyntaxErrorKind::TooDeep));
        }
        let steps = parse_inside(text, place.line, depth);
        let steps = steps.map_err(|error| bad(error.kind.closed()))?;
        Ok(Part::Output { steps, quoted })
    }

    /// The text up to the `)` of a `$(`.
    fn inside(&mut self, place: Place) -> Result<String, SyntaxError> {
        let (mut text, mut quote, mut open) = (String::new(), None, 0_u32);
        while let Some(character) = self.take() {
            match (quote, character) {
                (None, ')') if open == 0 => return Ok(text),
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
        Err(SyntaxError { place, kind: SyntaxErrorKind::OpenOutput })
    }
}
