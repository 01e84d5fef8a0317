//! Words get the values of their variables and the paths that fit them.

use crate::glob::Pattern;
use crate::syntax::{Part, Word};
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The most paths that the words of a line can become.
pub const PATHS_MAX: usize = 4096;

/// What `~` in front of a word stands for, and where `cd` goes without an argument.
pub const HOME: &str = "/home";

/// What words are expanded with.
pub trait Scope {
    /// The value of a variable; `?` is the last status. Empty when it is not set.
    fn variable(&self, name: &str) -> String;

    /// The names in a directory, sorted; none where there is no such directory.
    fn names(&self, directory: &str) -> Vec<String>;

    /// Whether there is something at a path.
    fn exists(&self, path: &str) -> bool;
}

/// More paths fit a word than [`PATHS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// A word that begins with an unquoted `~`, alone or before a slash, with [`HOME`] there.
fn at_home(word: &Word) -> Cow<'_, Word> {
    let [Part::Plain(first), rest @ ..] = &word.0[..] else { return Cow::Borrowed(word) };
    match first.strip_prefix('~') {
        Some(below) if below.starts_with('/') || below.is_empty() && rest.is_empty() => {
            let mut parts = alloc::vec![Part::Plain(alloc::format!("{HOME}{below}"))];
            parts.extend_from_slice(rest);
            Cow::Owned(Word(parts))
        }
        _ => Cow::Borrowed(word),
    }
}

/// The text of a word where one is wanted: a value, the file of a redirection.
pub fn text(word: &Word, scope: &impl Scope) -> String {
    let word = &*at_home(word);
    let part = |part: &Part| match part {
        Part::Plain(text) | Part::Quoted(text) => text.clone(),
        Part::Variable(name) => scope.variable(name),
        // It has run by then, and is a quoted text.
        Part::Output { .. } | Part::Sum(_) => String::new(),
    };
    word.0.iter().map(part).collect()
}

/// The words of a command. An unquoted variable without a value is no word.
///
/// # Errors
/// [`TooMany`].
pub fn words(words: &[Word], scope: &impl Scope) -> Result<Vec<String>, TooMany> {
    let mut all = Vec::new();
    for word in words {
        expand(word, scope, &mut all)?;
    }
    Ok(all)
}

fn expand(word: &Word, scope: &impl Scope, into: &mut Vec<String>) -> Result<(), TooMany> {
    let word = &*at_home(word);
    let text = text(word, scope);
    let only_variables = word.0.iter().all(|part| matches!(part, Part::Variable(_)));
    if text.is_empty() && only_variables {
        return Ok(());
    }
    let has_signs =
        |part: &Part| matches!(part, Part::Plain(text) if text.contains(['*', '?', '[']));
    if !word.0.iter().any(has_signs) {
        into.push(text);
        return Ok(());
    }
    let found = paths(&components(word, scope), text.starts_with('/'), scope)?;
    match found.is_empty() {
        true => into.push(text),
        false => into.extend(found),
    }
    if into.len() > PATHS_MAX { Err(TooMany) } else { Ok(()) }
}

/// The patterns of a word between its slashes.
fn components(word: &Word, scope: &impl Scope) -> Vec<Pattern> {
    let mut all = alloc::vec![Pattern::default()];
    let mut add = |text: &str, add: fn(&mut Pattern, &str)| {
        for (place, piece) in text.split('/').enumerate() {
            if place > 0 {
                all.push(Pattern::default());
            }
            if let Some(last) = all.last_mut() {
                add(last, piece);
            }
        }
    };
    for part in &word.0 {
        match part {
            Part::Plain(text) => add(text, Pattern::add_pattern),
            Part::Quoted(text) => add(text, Pattern::add_literal),
            Part::Variable(name) => add(&scope.variable(name), Pattern::add_literal),
            Part::Output { .. } | Part::Sum(_) => {}
        }
    }
    all.retain(|pattern| *pattern != Pattern::default());
    all
}

fn paths(
    components: &[Pattern],
    absolute: bool,
    scope: &impl Scope,
) -> Result<Vec<String>, TooMany> {
    let mut found = alloc::vec![if absolute { "/".to_string() } else { String::new() }];
    for (place, component) in components.iter().enumerate() {
        let is_last = place + 1 == components.len();
        let mut next = Vec::new();
        for base in &found {
            let at = |name: &str| match base.as_str() {
                "" | "/" => alloc::format!("{base}{name}"),
                _ => alloc::format!("{base}/{name}"),
            };
            match component.literal() {
                Some(name) if !is_last || scope.exists(&at(&name)) => next.push(at(&name)),
                Some(_) => {}
                None => {
                    let directory = if base.is_empty() { "." } else { base };
                    let names = scope.names(directory).into_iter();
                    next.extend(names.filter(|name| component.fits(name)).map(|name| at(&name)));
                }
            }
            if next.len() > PATHS_MAX {
                return Err(TooMany);
            }
        }
        found = next;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Scope, TooMany, words};
    use crate::syntax::parse;

    struct Tree;

    impl Scope for Tree {
        fn variable(&self, name: &str) -> String {
            match name {
                "A" => "a b".into(),
                "S" => "*".into(),
                "?" => "3".into(),
                _ => String::new(),
            }
        }
        fn names(&self, directory: &str) -> Vec<String> {
            let names: &[&str] = match directory {
                "." => &[".x", "a.txt", "b.txt", "dir"],
                "dir" | "/dir" => &["c.txt", "d"],
                "/" => &["dir", "lost"],
                "many" => return (0..5000).map(|number| number.to_string()).collect(),
                _ => &[],
            };
            names.iter().map(|name| (*name).into()).collect()
        }
        fn exists(&self, path: &str) -> bool {
            path.ends_with("c.txt")
        }
    }

    fn expanded(line: &str) -> Vec<String> {
        words(&parse(line).unwrap()[0].commands[0].words, &Tree).unwrap()
    }

    #[test]
    fn variables_keep_their_spaces_and_are_no_patterns() {
        assert_eq!(expanded("x $A \"$A$?\" $NONE \"$NONE\" $S"), ["x", "a b", "a b3", "", "*"]);
    }

    #[test]
    fn a_tilde_is_home() {
        assert_eq!(expanded("x ~ ~/a ~/$A"), ["x", "/home", "/home/a", "/home/a b"]);
        assert_eq!(expanded("x a~ ~a '~' ~\"\""), ["x", "a~", "~a", "~", "~"]);
    }

    #[test]
    fn patterns_become_paths() {
        assert_eq!(expanded("x *.txt"), ["x", "a.txt", "b.txt"]);
        assert_eq!(expanded("x *"), ["x", "a.txt", "b.txt", "dir"]);
        assert_eq!(expanded("x .*"), ["x", ".x"]);
        assert_eq!(
            expanded("x d*/*.txt /*/c.txt /d?r/"),
            ["x", "dir/c.txt", "/dir/c.txt", "/lost/c.txt", "/dir"]
        );
        assert_eq!(expanded("x *.none '*'.txt \"a\"*"), ["x", "*.none", "*.txt", "a.txt"]);
    }

    #[test]
    fn the_number_of_paths_is_bounded() {
        let steps = parse("x many/*").unwrap();
        assert_eq!(words(&steps[0].commands[0].words, &Tree), Err(TooMany));
    }
}
