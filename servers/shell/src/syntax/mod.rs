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
//! | `2> FILE`, `2>> FILE`, `2>&1`, `>&2` | the same for error texts; they go where output goes, or it where they go |
//! | `if A; then B; elif C; then D; else E; fi` | B when the status of A is 0, else … |
//! | `while A; do B; done`, `until A; do B; done` | B again and again while the status of A is 0, or until it is |
//! | `for NAME in WORDS; do A; done` | A for each word; without `in`, for each argument of the script |
//! | `{ A; B; }` | one command: for redirections and pipes |
//! | `'…'`, `"…"`, `\c` | as it is; as it is but for `$` and `\`; one character as it is |
//! | `NAME=WORD` | sets a variable; in front of a program, for that program |
//! | `$NAME`, `${NAME}`, `$?` | its value, unsplit; the last status |
//! | `$1`, `${10}`, `$#`, `$@`, `$*`, `$0` | arguments of a script, their count, all as words, as a text; its name |
//! | `$((A + 2 * B))` | a sum of whole numbers and variables; `+ - * / %`, comparisons, `! && \|\|` |
//! | `$(A)`, `"$(A)"` | the output of A, as words; as it is but for the last ends of lines |
//! | `*`, `?`, `[a-z]`, `[!a]` | paths that fit, or the word itself when none does |
//! | `~`, `~/…` at the start of a word | `/home` |
//! | `#` at the start of a word | a comment, to the end of the line |

mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod values;

pub use lexer::is_name;
pub use parser::parse;

use alloc::rc::Rc;
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
    /// Its line in the text.
    pub line: usize,
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
    /// What it is in place of words.
    pub control: Option<Rc<Control>>,
}

/// Pipelines that are one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The first body whose condition succeeds.
    If {
        /// Conditions and bodies.
        branches: Vec<(Vec<Step>, Vec<Step>)>,
        /// The body when none does.
        otherwise: Vec<Step>,
    },
    /// A loop.
    While {
        /// Runs before each turn.
        condition: Vec<Step>,
        /// Whether its success ends the loop.
        until: bool,
        /// What is repeated.
        body: Vec<Step>,
    },
    /// A loop over words.
    For {
        /// The variable.
        name: String,
        /// Without any the arguments of the script.
        words: Option<Vec<Word>>,
        /// What is repeated.
        body: Vec<Step>,
    },
    /// Pipelines, once.
    Group(Vec<Step>),
}

/// A redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Which.
    pub direction: Direction,
    /// The file; empty where there is none.
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
    /// `>&2`.
    ToErrors,
    /// `2>`.
    ErrorsReplace,
    /// `2>>`.
    ErrorsAppend,
    /// `2>&1`.
    ErrorsToOutput,
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
    /// The value of a variable; `?` is the last status, `@` all arguments.
    Variable(String),
    /// A sum of whole numbers.
    Sum(String),
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
    /// More than 16 `$(`, loops and conditions in each other.
    TooDeep,
    /// This word begins what the other one would end.
    Open {
        /// The one that is there.
        word: &'static str,
        /// The one that is missing.
        wants: &'static str,
    },
    /// The same in a `$(…)`.
    OpenInside {
        /// The one that is there.
        word: &'static str,
        /// The one that is missing.
        wants: &'static str,
    },
    /// A word that ends or goes on in what has not begun.
    Stray(&'static str),
    /// Words directly behind the end of a loop, a condition or a group.
    Behind(&'static str),
    /// `for` without the name of a variable.
    NoName,
    /// `for NAME` without `in` or `do`.
    NoDo,
    /// The text ends behind an operator.
    NoEnd(&'static str),
    /// A redirection behind `2>&1` or `>&2`.
    Joined,
    /// An operator stands where a command should.
    NoCommand(&'static str),
    /// A redirection without a file.
    NoFile(&'static str),
    /// A redirection of an input or output that is not there.
    Number,
}

impl SyntaxErrorKind {
    /// The same for a text whose end is known.
    fn closed(self) -> Self {
        match self {
            Self::Open { word, wants } => Self::OpenInside { word, wants },
            Self::NoEnd(operator) => Self::NoCommand(operator),
            other => other,
        }
    }
}

impl SyntaxError {
    /// Whether more lines can make the text right.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        matches!(
            self.kind,
            SyntaxErrorKind::OpenQuote(_)
                | SyntaxErrorKind::OpenBackslash
                | SyntaxErrorKind::OpenOutput
                | SyntaxErrorKind::Open { .. }
                | SyntaxErrorKind::NoEnd(_)
        )
    }
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
            SyntaxErrorKind::TooDeep => {
                f.write_str("more than 16 $(, loops and conditions in each other")
            }
            SyntaxErrorKind::Open { word, wants } => write!(f, "the `{word}` has no `{wants}`"),
            SyntaxErrorKind::OpenInside { word, wants } => {
                write!(f, "the `{word}` has no `{wants}` before the )")
            }
            SyntaxErrorKind::Stray(word) => write!(f, "`{word}` ends nothing that has begun"),
            SyntaxErrorKind::Behind(word) => {
                write!(f, "behind `{word}` a ; or a new line is missing")
            }
            SyntaxErrorKind::NoName => f.write_str("`for` needs the name of a variable"),
            SyntaxErrorKind::NoDo => f.write_str("`for NAME` needs `in WORDS;` or `do`"),
            SyntaxErrorKind::NoEnd(operator) => write!(f, "no command behind `{operator}`"),
            SyntaxErrorKind::Joined => {
                f.write_str("2>&1 and >&2 stand behind all other redirections")
            }
            SyntaxErrorKind::NoCommand(operator) => write!(f, "no command at `{operator}`"),
            SyntaxErrorKind::NoFile(operator) => write!(f, "no file after `{operator}`"),
            SyntaxErrorKind::Number => f.write_str("only <, >, >>, 2>, 2>>, 2>&1 and >&2 redirect"),
        }
    }
}
