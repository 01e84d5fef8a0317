//! Words that comments and documents do not use: they turn objects into persons and amounts and
//! purposes into riddles.

use crate::workspace;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The words and phrases.
const STOPPED: [&[&str]; 8] = [
    &["so", "many"],
    &["whoever"],
    &["whom"],
    &["somebody"],
    &["nobody"],
    &["is", "to", "be"],
    &["are", "to", "be"],
    &["the", "one", "who"],
];

/// Folders that still have some, and how many at most; all others have none. A number may only
/// fall.
const CEILINGS: [(&str, usize); 6] = [
    ("init", 29),
    ("microkernel", 96),
    ("microkernel/src/exit", 0),
    ("microkernel/src/ipc", 0),
    ("microkernel/src/sched", 0),
    ("servers", 48),
];

/// Folders without texts of ours.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// A place in a file.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    words: String,
}

/// Checks all sources and documents.
pub(super) fn check() -> Result<()> {
    let root = workspace::root();
    let mut found = BTreeMap::new();
    for file in texts(&root)? {
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(&root).unwrap_or(&file).to_owned();
        let places = stopped(&prose(&name, &text));
        if !places.is_empty() {
            found.insert(name, places);
        }
    }
    let problems = problems(&found, &CEILINGS);
    super::verdict::verdict(&problems)
}

fn problems(found: &BTreeMap<PathBuf, Vec<Place>>, ceilings: &[(&str, usize)]) -> Vec<String> {
    let mut folders: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (file, places) in found {
        let texts = places.iter().map(|place| {
            format!("{}:{}: do not write \"{}\"", file.display(), place.line, place.words)
        });
        folders.entry(folder(file, ceilings)).or_default().extend(texts);
    }
    let mut problems = Vec::new();
    for (folder, texts) in &folders {
        let most = ceilings.iter().find(|(name, _)| name == folder).map_or(0, |(_, most)| *most);
        if texts.len() > most {
            problems.extend(texts.iter().cloned());
            problems.push(format!("{folder}: {} stopped words, at most {most}", texts.len()));
        }
    }
    let clean = ceilings.iter().filter(|(folder, most)| *most > 0 && !folders.contains_key(folder));
    problems.extend(clean.map(|(folder, _)| {
        format!("{folder} has no stopped word: remove its ceiling in check/words.rs")
    }));
    problems
}

/// The innermost folder around the file that has a ceiling.
fn folder<'a>(file: &Path, ceilings: &[(&'a str, usize)]) -> &'a str {
    let around = ceilings.iter().map(|(folder, _)| *folder).filter(|name| file.starts_with(name));
    around.max_by_key(|folder| folder.len()).unwrap_or("elsewhere")
}

/// All Rust files, documents and tables below this folder.
pub(super) fn texts(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !SKIPPED.contains(&name) {
            files.extend(texts(&path)?);
        } else if path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "md" || kind == "toml")
            || path.ends_with(".ci/run")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The lines of a file with what people read in each.
fn prose(file: &Path, text: &str) -> Vec<String> {
    match file.extension().and_then(|kind| kind.to_str()) {
        Some("rs") => comments(text),
        // Names in backticks are code.
        Some("md") => text
            .lines()
            .map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join(" "))
            .collect(),
        _ => text
            .lines()
            .map(|line| line.split_once('#').map_or("", |(_, comment)| comment).to_owned())
            .collect(),
    }
}

/// Where the reader is in a Rust file.
enum State {
    Code,
    Line,
    /// In a block comment, with its depth.
    Block(usize),
    Text,
    /// In a raw string, with its number of `#`.
    Raw(usize),
}

/// The comments of each line.
fn comments(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut state = State::Code;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (length, then) = step(&state, rest, next);
        if next == '\n' {
            lines.push(String::new());
        } else if matches!(state, State::Line | State::Block(_))
            && let Some(line) = lines.last_mut()
        {
            line.push_str(&rest[..length]);
        }
        state = then.unwrap_or(state);
        rest = &rest[length..];
    }
    lines
}

/// The length in bytes of the next piece, and the state after it when that is another one.
fn step(state: &State, rest: &str, next: char) -> (usize, Option<State>) {
    let one = (next.len_utf8(), None);
    match state {
        State::Code if rest.starts_with("//") => (2, Some(State::Line)),
        State::Code if rest.starts_with("/*") => (2, Some(State::Block(1))),
        State::Code if next == '"' => (1, Some(State::Text)),
        State::Code if next == '\'' => (character(rest), None),
        State::Code if next == 'r' => raw(rest).unwrap_or(one),
        State::Line if next == '\n' => (1, Some(State::Code)),
        State::Block(depth) if rest.starts_with("/*") => (2, Some(State::Block(depth + 1))),
        State::Block(1) if rest.starts_with("*/") => (2, Some(State::Code)),
        State::Block(depth) if rest.starts_with("*/") => (2, Some(State::Block(depth - 1))),
        State::Text if next == '\\' && !rest[1..].starts_with('\n') => {
            (1 + rest[1..].chars().next().map_or(0, char::len_utf8), None)
        }
        State::Text if next == '"' => (1, Some(State::Code)),
        State::Raw(marks) if next == '"' && rest[1..].starts_with(&"#".repeat(*marks)) => {
            (1 + marks, Some(State::Code))
        }
        _ => one,
    }
}

/// The length of a character in quotes, or of the quote of a lifetime.
fn character(rest: &str) -> usize {
    let mut after = rest.char_indices().skip(1);
    match (after.next(), after.next(), after.next()) {
        (Some((_, '\\')), _, Some((at, _))) => rest[at..].find('\'').map_or(1, |end| at + end + 1),
        (Some(_), Some((at, '\'')), _) => at + 1,
        _ => 1,
    }
}

/// The start of a raw string, if this is one.
fn raw(rest: &str) -> Option<(usize, Option<State>)> {
    let marks = rest[1..].chars().take_while(|mark| *mark == '#').count();
    rest[1 + marks..].starts_with('"').then_some((2 + marks, Some(State::Raw(marks))))
}

/// The stopped words, also those that a line break divides.
fn stopped(lines: &[String]) -> Vec<Place> {
    let mut words: Vec<(usize, String)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let parts = line.split(|mark: char| !mark.is_alphanumeric() && mark != '_');
        let all = parts.filter(|word| !word.is_empty());
        words.extend(all.map(|word| (at + 1, word.to_lowercase())));
    }
    let mut places = Vec::new();
    for at in 0..words.len() {
        let begins = |phrase: &&&[&str]| {
            let length = phrase.len();
            words.len() - at >= length
                && words[at..at + length].iter().zip(**phrase).all(|((_, a), b)| a == b)
        };
        if let Some(phrase) = STOPPED.iter().find(begins) {
            places.push(Place { line: words[at].0, words: phrase.join(" ") });
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::{comments, folder, problems, prose, stopped};
    use std::collections::BTreeMap;
    use std::path::Path;

    fn lines(text: &str) -> Vec<usize> {
        stopped(&comments(text)).iter().map(|place| place.line).collect()
    }

    #[test]
    fn only_comments_count() {
        let text = "/// nobody\nfn nobody() { a(\"// nobody \\\" nobody\"); b(r#\"nobody \" nobody\"#) }\n\
            let c = '\"'; // Somebody\nlet d: &'a str = '\\''; /* whom /* whoever */\n nobody */ nobody();";
        assert_eq!(lines(text), [1, 3, 4, 4, 5]);
    }

    #[test]
    fn a_phrase_may_be_divided_by_a_line_break() {
        assert_eq!(lines("// there are so\n// many; what is to\n//! be"), [1, 2]);
        assert_eq!(lines("// so few, many, nobodys, to be"), [0; 0]);
    }

    #[test]
    fn documents_count_whole_and_tables_by_their_comments() {
        assert_eq!(prose(Path::new("a.md"), "a # `b` c"), ["a #   c"]);
        assert_eq!(prose(Path::new("a.toml"), "a # b\nc"), [" b", ""]);
    }

    #[test]
    fn a_folder_may_not_have_more_than_its_ceiling() {
        let place = |text: &str| stopped(&[text.to_owned()]);
        let found = BTreeMap::from([
            ("a/b/one.rs".into(), place("nobody, whom")),
            ("c/two.rs".into(), place("whom")),
        ]);
        assert_eq!(folder(Path::new("a/b/one.rs"), &[("a", 9), ("a/b", 2)]), "a/b");
        assert!(problems(&found, &[("a", 2), ("c", 1)]).is_empty());
        assert_eq!(
            problems(&found, &[("a", 2)]),
            ["c/two.rs:1: do not write \"whom\"", "elsewhere: 1 stopped words, at most 0"]
        );
        assert!(problems(&found, &[("a", 2), ("c", 1), ("c/deep", 0)]).is_empty());
        assert_eq!(
            problems(&found, &[("a", 2), ("c", 1), ("d", 1)]),
            ["d has no stopped word: remove its ceiling in check/words.rs"]
        );
    }
}
