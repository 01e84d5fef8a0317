//! A line, or a script, becomes pipelines of commands; a command becomes words.
//!
//! | text | meaning |
//! |---|---|
//! | `A; B`, a new line | B after A |
//! | `A && B`, `A \|\| B` | B when the status of A is 0, or is not 0 |
//! | `A \| B` | the output of A is the input of B |
//! | `! A` | A; the status is 0 when that of A is not, else 1 |
//! | `A &` | without waiting for it |
//! | `> FILE`, `>> FILE`, `< FILE` | output replaces a file, is added to it; input comes from one |
//! | `'…'`, `"…"`, `\c` | as it is; as it is but for `$` and `\`; one character as it is |
//! | `NAME=WORD` | sets a variable; in front of a program, for that program |
//! | `$NAME`, `${NAME}`, `$?` | its value, unsplit; the last status |
//! | `$(A)`, `"$(A)"` | the output of A, as words; as it is but for the last ends of lines |
//! | `*`, `?`, `[a-z]`, `[!a]` | paths that fit, or the word itself when none does |
//! | `~`, `~/…` at the start of a word | `/home` |
//! | `#` at the start of a word | a comment, to the end of the line |

mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub use lexer::is_name;
pub use parser::parse;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A pipeline and when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub when: When,
    /// The commands, from the first to the last.
    pub commands: Vec<Command>,
    /// Whether the shell goes on without waiting for it.
    pub background: bool,
}

/// When a pipeline runs, by the status of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// When it was 0.
    Success,
    /// When it was not.
    Failure,
}

/// A command before its words are expanded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Variables that are set in front of it.
    pub sets: Vec<(String, Word)>,
    /// Its name and arguments.
    pub words: Vec<Word>,
    /// Where its input comes from and its output goes.
    pub redirects: Vec<Redirect>,
}

/// A redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Which.
    pub direction: Direction,
    /// The file.
    pub target: Word,
}

/// What a redirection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `<`.
    Input,
    /// `>`.
    Replace,
    /// `>>`.
    Append,
}

/// A word before expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(pub Vec<Part>);

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text in which `*`, `?` and `[` have a meaning.
    Plain(String),
    /// Text in which nothing has: it was quoted.
    Quoted(String),
    /// The value of a variable; `?` is the last status.
    Variable(String),
    /// The output of pipelines: one text where it was quoted, else words.
    Output {
        /// What runs.
        steps: Vec<Step>,
        /// Whether it stands in quotes.
        quoted: bool,
    },
}

/// A place in a text, each counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub character: usize,
}

/// What is wrong with a text, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: SyntaxErrorKind,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// A quote has no partner.
    OpenQuote(char),
    /// The text ends in a backslash.
    OpenBackslash,
    /// `$` or `${` without the name of a variable.
    BadVariable,
    /// `$(` without its `)`.
    OpenOutput,
    /// More than 8 `$(` in each other.
    TooDeep,
    /// An operator stands where a command should.
    NoCommand(&'static str),
    /// A redirection without a file.
    NoFile(&'static str),
    /// A number directly before `>` or `<`: elsewhere it names another output.
    Number,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, character } = self.place;
        if line > 1 {
            write!(f, "line {line}, ")?;
        }
        write!(f, "character {character}: ")?;
        match self.kind {
            SyntaxErrorKind::OpenQuote(quote) => write!(f, "a {quote} has no partner"),
            SyntaxErrorKind::OpenBackslash => f.write_str("the line ends in a backslash"),
            SyntaxErrorKind::BadVariable => f.write_str("a $ without the name of a variable"),
            SyntaxErrorKind::OpenOutput => f.write_str("a $( has no )"),
            SyntaxErrorKind::TooDeep => f.write_str("more than 8 $( in each other"),
            SyntaxErrorKind::NoCommand(operator) => write!(f, "no command at `{operator}`"),
            SyntaxErrorKind::NoFile(operator) => write!(f, "no file after `{operator}`"),
            SyntaxErrorKind::Number => {
                f.write_str("only > and < lead to files; error texts go to the terminal")
            }
        }
    }
}
