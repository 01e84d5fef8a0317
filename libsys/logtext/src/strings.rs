//! The strings of all programs' log statements.
//!
//! **Shape.** A text: a line `= NAME` begins a program; a line `NUMBER LEVEL TEXT` follows for each
//! of its strings, with `\n` and `\\` for a line's end and a backslash. A line that is neither is
//! passed over.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt::Write as _;

/// How urgent a line is, as it is shown.
pub type Level = &'static str;

const LEVELS: [Level; 5] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];

/// Strings by program and number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings(BTreeMap<String, BTreeMap<u16, (Level, String)>>);

impl Strings {
    /// Reads what [`Strings::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut all = Self::default();
        let mut program = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("= ") {
                program = Some(all.0.entry(name.into()).or_default());
            } else if let (Some(strings), Some((number, level, text))) = (&mut program, entry(line))
            {
                strings.insert(number, (level, unescaped(text)));
            }
        }
        all
    }

    /// Adds a string. A level that there is none of is shown as none.
    pub fn insert(&mut self, program: &str, number: u16, level: &str, text: &str) {
        let level = LEVELS.into_iter().find(|known| known.eq_ignore_ascii_case(level));
        let strings = self.0.entry(program.into()).or_default();
        strings.insert(number, (level.unwrap_or(""), text.into()));
    }

    /// As a text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (program, strings) in &self.0 {
            // A string takes whatever is written.
            let _ = writeln!(text, "= {program}");
            for (number, (level, string)) in strings {
                let string = string.replace('\\', "\\\\").replace('\n', "\\n");
                let level = if level.is_empty() { "-" } else { level };
                let _ = writeln!(text, "{number} {level} {string}");
            }
        }
        text
    }

    /// A string of a program. A process may be called `PROGRAM.NUMBER`, a server of tests
    /// `PROGRAM-WORD`.
    #[must_use]
    pub fn get(&self, program: &str, number: u16) -> Option<(Level, &str)> {
        let first = || program.split(['.', '#', ':', '-']).next().and_then(|it| self.0.get(it));
        let strings = self.0.get(program).or_else(first)?;
        strings.get(&number).map(|(level, text)| (*level, text.as_str()))
    }

    /// Gives a program the strings of another name.
    pub fn take_from(&mut self, program: &str, other: &str) {
        if let Some(strings) = self.0.remove(other) {
            self.0.insert(program.into(), strings);
        }
    }
}

fn entry(line: &str) -> Option<(u16, Level, &str)> {
    let mut words = line.splitn(3, ' ');
    let (number, level, text) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
    let level = LEVELS.into_iter().find(|known| *known == level).unwrap_or("");
    Some((number, level, text))
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let mut whole = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => whole.push('\n'),
                Some(other) => whole.push(other),
                None => {}
            },
            other => whole.push(other),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::Strings;

    #[test]
    fn a_text_has_all_strings() {
        let mut strings = Strings::default();
        strings.insert("a", 1, "info", "one {=str}\nand \\ more");
        strings.insert("a", 2, "println", "");
        strings.insert("b", 1, "error", "two");
        let text = strings.to_text();
        assert_eq!(text, "= a\n1 INFO one {=str}\\nand \\\\ more\n2 - \n= b\n1 ERROR two\n");
        assert_eq!(Strings::parse(&text), strings);
        assert_eq!(strings.get("a", 1), Some(("INFO", "one {=str}\nand \\ more")));
        assert_eq!((strings.get("a", 3), strings.get("c", 1)), (None, None));
        assert_eq!(strings.get("b.7", 1), Some(("ERROR", "two")));
        strings.take_from("a", "b");
        assert_eq!(strings.to_text(), "= a\n1 ERROR two\n");
    }

    #[test]
    fn what_is_no_string_is_passed_over() {
        let strings = Strings::parse("1 INFO of no program\n= a\nx\n70000 INFO x\n5 LOUD y\n");
        assert_eq!(strings.to_text(), "= a\n5 - y\n");
    }
}
