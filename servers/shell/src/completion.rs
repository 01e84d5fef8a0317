//! What Tab makes of a line.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What completes a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    /// What is typed at the cursor.
    pub(crate) insert: String,
    /// What it could be, when nothing can be typed.
    pub(crate) candidates: Vec<String>,
}

/// What can be completed to.
pub(crate) trait Candidates {
    /// Names of commands and programs.
    fn commands(&self) -> Vec<String>;

    /// Names in a directory; those of directories end in `/`.
    fn names(&self, directory: &str) -> Vec<String>;
}

/// Completes the last word of what is before the cursor: a command where one begins, else a path.
/// Words with quotes and variables are left alone.
pub(crate) fn complete(before: &str, of: &impl Candidates) -> Completion {
    let (start, word) = last_word(before);
    if word.contains(['\'', '"', '$']) {
        return Completion::default();
    }
    let word = word.replace('\\', "");
    let is_command = !word.contains('/') && begins_command(before.get(..start).unwrap_or(""));
    let (directory, begun) = match word.rfind('/') {
        Some(slash) => word.split_at(slash + 1),
        None => ("", word.as_str()),
    };
    let all = match (is_command, directory) {
        (true, _) => of.commands(),
        (false, "") => of.names("."),
        (false, directory) => of.names(directory),
    };
    let hidden = begun.starts_with('.');
    let mut found: Vec<String> = all
        .into_iter()
        .filter(|name| name.starts_with(begun) && (hidden || !name.starts_with('.')))
        .collect();
    found.sort();
    found.dedup();
    let Some(first) = found.first() else { return Completion::default() };
    let common = found.iter().skip(1).fold(first.as_str(), |common, name| shared(common, name));
    let mut insert = escaped(common.get(begun.len()..).unwrap_or(""));
    if found.len() == 1 && !common.ends_with('/') {
        insert.push(' ');
    }
    let candidates = if insert.is_empty() { found } else { Vec::new() };
    Completion { insert, candidates }
}

/// The start of the word that ends here, and the word.
fn last_word(before: &str) -> (usize, &str) {
    let (mut start, mut escaped) = (0, false);
    for (place, character) in before.char_indices() {
        let ends = character.is_whitespace() || matches!(character, ';' | '|' | '&' | '<' | '>');
        if ends && !escaped {
            start = place + character.len_utf8();
        }
        escaped = character == '\\' && !escaped;
    }
    (start, before.get(start..).unwrap_or(""))
}

/// Whether a command begins behind this.
fn begins_command(before: &str) -> bool {
    let before = before.trim_end();
    let last = before.rsplit([' ', ';', '|', '&']).next().unwrap_or("");
    before.is_empty()
        || before.ends_with([';', '|', '&'])
        || matches!(last, "time" | "run" | "help")
}

/// What two names begin with.
fn shared<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.char_indices().zip(other.chars()).find(|((_, one), other)| one != other);
    let end = same.map_or(one.len().min(other.len()), |((place, _), _)| place);
    one.get(..end).unwrap_or(one)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if character.is_whitespace() || "'\"\\$*?[;&|<>#".contains(character) {
            escaped.push('\\');
        }
        escaped.push_str(character.encode_utf8(&mut [0; 4]));
    }
    escaped
}

/// Candidates side by side.
pub(crate) fn shown(candidates: &[String]) -> String {
    const MOST: usize = 100;
    let mut text: String =
        candidates.iter().take(MOST).map(ToString::to_string).collect::<Vec<_>>().join("  ");
    if candidates.len() > MOST {
        text.push_str(&alloc::format!("  and {} more", candidates.len() - MOST));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::{Candidates, complete};

    struct Some;

    impl Candidates for Some {
        fn commands(&self) -> Vec<String> {
            ["cat", "cd", "hello", "help"].map(String::from).into()
        }
        fn names(&self, directory: &str) -> Vec<String> {
            let names: &[&str] = match directory {
                "." => &["home/", "file one", ".hidden"],
                "/" | "/home/" => &["aa1", "aa2", "b/"],
                _ => &[],
            };
            names.iter().map(|name| (*name).into()).collect()
        }
    }

    #[test]
    fn a_word_is_completed_as_far_as_it_is_clear() {
        for (before, insert) in [
            ("ca", "t "),
            ("hel", ""),
            ("x | he", "l"),
            ("cat ho", "me/"),
            ("cat /a", "a"),
            ("cat /b", "/"),
            ("cat /home/aa1", " "),
            ("cat f", "ile\\ one "),
            ("cat file\\ o", "ne "),
            ("cat .h", "idden "),
            ("a; c", ""),
            ("cat 'f", ""),
            ("cat >/home/b", "/"),
            ("run hell", "o "),
            ("x", ""),
            ("cat /none/", ""),
            ("", ""),
        ] {
            assert_eq!(complete(before, &Some).insert, insert, "{before}");
        }
    }

    #[test]
    fn what_is_not_clear_is_shown() {
        assert_eq!(complete("hel", &Some).candidates, ["hello", "help"]);
        assert_eq!(complete("cat /aa", &Some).candidates, ["aa1", "aa2"]);
        assert_eq!(complete("cat ", &Some).candidates, ["file one", "home/"]);
        assert!(complete("cat /none/x", &Some).candidates.is_empty());
    }
}
