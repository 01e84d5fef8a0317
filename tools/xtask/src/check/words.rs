//! Words that comments and documents do not use: they turn objects into persons and amounts and
//! purposes into riddles.

use super::tokens;
use crate::workspace;
use anyhow::{Context as _, Result};
use std::path::Path;

/// The words and phrases.
const STOPPED: [&str; 8] =
    ["so many", "whoever", "whom", "somebody", "nobody", "is to be", "are to be", "the one who"];

/// A place in a file.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    phrase: &'static str,
}

/// Checks all sources and documents.
pub(super) fn check() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for (name, text) in workspace::texts(&workspace::root(), &[".rs", ".md", ".toml", ".ci/run"])? {
        let prose = prose(&name, text).with_context(|| name.display().to_string())?;
        let name = name.display();
        problems.extend(
            stopped(&prose)
                .iter()
                .map(|place| format!("{name}:{}: do not write \"{}\"", place.line, place.phrase)),
        );
    }
    Ok(problems)
}

/// What people read of a file, in the lines of the file.
fn prose(file: &Path, text: String) -> Result<String> {
    let outside_of_code = |line: &str| line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let comment = |line: &str| line.split_once('#').map_or("", |(_, it)| it).to_owned();
    let lines = |prose: &dyn Fn(&str) -> String| -> String {
        text.lines().flat_map(|line| [prose(line), "\n".to_owned()]).collect()
    };
    match file.extension().and_then(|kind| kind.to_str()) {
        Some("rs") => comments(&text),
        Some("md") => Ok(lines(&outside_of_code)),
        _ => Ok(lines(&comment)),
    }
}

/// The text of a Rust file with blanks in the place of its code.
fn comments(text: &str) -> Result<String> {
    let mut prose = text.to_owned().into_bytes();
    for token in tokens::leaves(tokens::parse(text)?) {
        let range = token.span().byte_range();
        // A documentation comment is an attribute whose tokens all have its place.
        if !text[range.clone()].starts_with('/') {
            prose[range].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
    }
    Ok(String::from_utf8(prose)?)
}

/// The stopped words, also those that a line break divides.
fn stopped(prose: &str) -> Vec<Place> {
    let mut words: Vec<(usize, String)> = Vec::new();
    for (line, text) in (1..).zip(prose.lines()) {
        let parts = text.split(|mark: char| !mark.is_alphanumeric() && mark != '_');
        let all = parts.filter(|word| !word.is_empty());
        words.extend(all.map(|word| (line, word.to_lowercase())));
    }
    let mut places = Vec::new();
    for (at, (line, _)) in words.iter().enumerate() {
        let begins = |phrase: &&&str| {
            let mut rest = words[at..].iter().map(|(_, word)| word.as_str());
            phrase.split(' ').all(|word| rest.next() == Some(word))
        };
        places.extend(STOPPED.iter().find(begins).map(|phrase| Place { line: *line, phrase }));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::{comments, prose, stopped};
    use std::path::Path;

    fn lines(text: &str) -> Vec<usize> {
        stopped(&comments(text).unwrap()).iter().map(|place| place.line).collect()
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
        let prose = |file: &str, text: &str| prose(Path::new(file), text.into()).unwrap();
        assert_eq!(prose("a.md", "a # `b` c"), "a #   c\n");
        assert_eq!(prose("a.toml", "a # b\nc"), " b\n\n");
    }
}
