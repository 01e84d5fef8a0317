//! Patterns of names: `*`, `?`, `[a-z]`, `[!a]`.

use alloc::vec::Vec;

/// A character of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    /// This character.
    One(char),
    /// Any character.
    Any,
    /// Any characters, also none.
    Many,
    /// One out of these ranges, or out of none of them.
    Set { ranges: Vec<(char, char)>, not: bool },
}

/// A pattern for a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern(Vec<Item>);

impl Pattern {
    /// Adds characters that mean themselves.
    pub fn add_literal(&mut self, text: &str) {
        self.0.extend(text.chars().map(Item::One));
    }

    /// Adds characters of which some have a meaning.
    pub fn add_pattern(&mut self, text: &str) {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let behind = &rest[character.len_utf8()..];
            rest = behind;
            match character {
                '*' => self.0.push(Item::Many),
                '?' => self.0.push(Item::Any),
                '[' => match set(behind) {
                    Some((item, after)) => {
                        self.0.push(item);
                        rest = after;
                    }
                    None => self.0.push(Item::One('[')),
                },
                _ => self.0.push(Item::One(character)),
            }
        }
    }

    /// The text, when no character has a meaning.
    pub fn literal(&self) -> Option<alloc::string::String> {
        let one = |item: &Item| match item {
            Item::One(character) => Some(*character),
            _ => None,
        };
        self.0.iter().map(one).collect()
    }

    /// Whether a name fits. One that begins with a dot fits only where the pattern does.
    pub fn fits(&self, name: &str) -> bool {
        if name.starts_with('.') && self.0.first() != Some(&Item::One('.')) {
            return false;
        }
        let name: Vec<char> = name.chars().collect();
        self.fits_all(&name)
    }

    /// Goes back to the last `*` alone: the time is at most the product of both lengths.
    fn fits_all(&self, name: &[char]) -> bool {
        let (mut item, mut at) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        while at < name.len() {
            match self.0.get(item) {
                Some(Item::Many) => {
                    back = Some((item, at));
                    item += 1;
                }
                Some(one) if one.takes(name[at]) => (item, at) = (item + 1, at + 1),
                _ => match &mut back {
                    Some((star, from)) => {
                        *from += 1;
                        (item, at) = (*star + 1, *from);
                    }
                    None => return false,
                },
            }
        }
        self.0[item..].iter().all(|left| *left == Item::Many)
    }
}

impl Item {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::One(one) => *one == character,
            Self::Any => true,
            Self::Many => false,
            Self::Set { ranges, not } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&character)) != *not
            }
        }
    }
}

/// The set behind a `[`, and what follows it; `None` without its end.
fn set(text: &str) -> Option<(Item, &str)> {
    let (not, inner) = match text.strip_prefix(['!', '^']) {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    // A `]` at the start is one of the characters.
    let end = inner.char_indices().skip(1).find(|(_, character)| *character == ']')?.0;
    let characters: Vec<char> = inner[..end].chars().collect();
    let mut ranges = Vec::new();
    let mut rest = characters.as_slice();
    while let [first, behind @ ..] = rest {
        rest = match behind {
            ['-', last, after @ ..] => {
                ranges.push((*first, *last));
                after
            }
            _ => {
                ranges.push((*first, *first));
                behind
            }
        };
    }
    Some((Item::Set { ranges, not }, &inner[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn fits(pattern: &str, name: &str) -> bool {
        let mut made = Pattern::default();
        made.add_pattern(pattern);
        made.fits(name)
    }

    #[test]
    fn patterns_fit_names() {
        for (pattern, name) in [
            ("*", "abc"),
            ("a*", "a"),
            ("*.txt", "x.y.txt"),
            ("a?c", "abc"),
            ("?", "ä"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]x]", "]"),
            ("[a-]", "-"),
            (".*", ".a"),
            ("a*b*c", "aXbYbZc"),
            ("[", "["),
            ("[a", "[a"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a*", "ba"),
            ("?", ""),
            ("*.txt", "txt"),
            ("[a-c]", "d"),
            ("*", ".a"),
            ("?a", ".a"),
            ("a*b*c", "aXbYbZ"),
            ("[!a]", "a"),
            ("", "a"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = "a*".repeat(60) + "b";
        assert!(!fits(&pattern, &"a".repeat(250)));
    }
}
