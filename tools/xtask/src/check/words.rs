//! Words that comments and documents do not use: they turn objects into persons and amounts and
//! purposes into riddles.

use super::tokens;
use crate::workspace;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The words and phrases.
const STOPPED: [&str; 8] =
    ["so many", "whoever", "whom", "somebody", "nobody", "is to be", "are to be", "the one who"];

/// Folders that still have some, and how many at most; all others have none. A number may only
/// fall.
const CEILINGS: [(&str, usize); 0] = [];

/// A place in a file.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    phrase: &'static str,
}

/// Checks all sources and documents.
pub(super) fn check() -> Result<Vec<String>> {
    let mut found = BTreeMap::new();
    for (name, text) in workspace::texts(&workspace::root(), &[".rs", ".md", ".toml", ".ci/run"])? {
        let prose = prose(&name, text).with_context(|| name.display().to_string())?;
        let places = stopped(&prose);
        if !places.is_empty() {
            found.insert(name, places);
        }
    }
    Ok(problems(&found, &CEILINGS))
}

fn problems(found: &BTreeMap<PathBuf, Vec<Place>>, ceilings: &[(&str, usize)]) -> Vec<String> {
    let mut folders: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (file, places) in found {
        let name = file.display();
        let texts = places
            .iter()
            .map(|place| format!("{name}:{}: do not write \"{}\"", place.line, place.phrase));
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
    use super::{comments, folder, problems, prose, stopped};
    use std::collections::BTreeMap;
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

    #[test]
    fn a_folder_may_not_have_more_than_its_ceiling() {
        let place = |text: &str| stopped(text);
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
