//! `servers/api.lock`: name, version and hash of every interface.

use crate::workspace;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;

/// The file, from the root on.
pub(super) const FILE: &str = "servers/api.lock";

const HEAD: &str = "# Interfaces: name, version, hash. Written by `cargo xtask api --update`;\n\
                    # `cargo xtask check` fails when one changes and its version does not.\n";
const UPDATE: &str = "`cargo xtask api --update` writes it";

/// An entry of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) hash: u64,
}

impl Entry {
    /// Of `interface NAME version N hash 0x…`.
    pub(super) fn of_title(title: &str) -> Result<Self> {
        let words: Vec<&str> = title.split_whitespace().collect();
        let ["interface", name, "version", version, "hash", hash] = words.as_slice() else {
            anyhow::bail!("no title of an interface: {title}");
        };
        Self::new(name, version, hash)
    }

    fn of_line(line: &str) -> Result<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, version, hash] = words.as_slice() else {
            anyhow::bail!("not a name, a version and a hash: {line}");
        };
        Self::new(name, version, hash)
    }

    fn new(name: &str, version: &str, hash: &str) -> Result<Self> {
        let problem = || format!("{name}: not a version and a hash: {version} {hash}");
        let digits = hash.strip_prefix("0x").with_context(problem)?;
        Ok(Self {
            name: name.to_owned(),
            version: version.parse().with_context(problem)?,
            hash: u64::from_str_radix(digits, 16).with_context(problem)?,
        })
    }
}

/// The entries of the file.
pub(super) fn read() -> Result<Vec<Entry>> {
    parse(&fs_err::read_to_string(workspace::root().join(FILE))?).context(FILE)
}

fn parse(text: &str) -> Result<Vec<Entry>> {
    let entry = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    text.lines().filter(entry).map(Entry::of_line).collect()
}

/// The file with these entries.
pub(super) fn text(entries: &[Entry]) -> String {
    let mut lines: Vec<String> = entries
        .iter()
        .map(|entry| format!("{} {} {:#018x}\n", entry.name, entry.version, entry.hash))
        .collect();
    lines.sort();
    HEAD.to_owned() + &lines.concat()
}

/// The change of an interface without a higher version.
fn silent_change(old: &Entry, new: &Entry) -> Option<String> {
    (old.hash != new.hash && old.version >= new.version).then(|| {
        format!(
            "{}: the interface has changed, but its version is still {}; raise `version` in its \
             attribute (or take the change back): a client of the old one would misread it",
            new.name, new.version
        )
    })
}

/// All such changes.
pub(super) fn silent_changes(old: &[Entry], new: &[Entry]) -> Vec<String> {
    new.iter().filter_map(|entry| silent_change(named(old, &entry.name)?, entry)).collect()
}

/// The differences between file and sources.
pub(super) fn problems(old: &[Entry], new: &[Entry]) -> Vec<String> {
    let names: BTreeSet<&str> = old.iter().chain(new).map(|entry| entry.name.as_str()).collect();
    let problem = |name| match (named(old, name), named(new, name)) {
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) => Some(silent_change(old, new).unwrap_or_else(|| {
            let (now, before) = (new.version, old.version);
            format!("{name} is at version {now}, {FILE} at {before}: {UPDATE}")
        })),
        (None, _) => Some(format!("{name} is not in {FILE}: {UPDATE}")),
        (_, None) => Some(format!("{name} is in {FILE}, but there is no such interface: {UPDATE}")),
    };
    names.into_iter().filter_map(problem).collect()
}

fn named<'a>(list: &'a [Entry], name: &str) -> Option<&'a Entry> {
    list.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::{Entry, parse, problems, silent_changes, text};

    fn entry(name: &str, version: u32, hash: u64) -> Entry {
        Entry { name: name.to_owned(), version, hash }
    }

    #[test]
    fn the_file_is_read_as_it_is_written() {
        let entries = [entry("a", 1, 0x12), entry("b-c", 20, u64::MAX)];
        assert_eq!(parse(&text(&entries)).unwrap(), entries);
        assert!(
            parse("a 1\n").is_err() && parse("a x 0x1\n").is_err() && parse("a 1 1\n").is_err()
        );
    }

    #[test]
    fn a_change_needs_a_higher_version() {
        let old = [entry("a", 2, 1)];
        assert!(problems(&old, &old).is_empty());
        for (new, silent) in [((2, 9), 1), ((1, 9), 1), ((3, 9), 0)] {
            let new = [entry("a", new.0, new.1)];
            assert_eq!(silent_changes(&old, &new).len(), silent, "{new:?}");
            assert_eq!(problems(&old, &new).len(), 1, "{new:?}");
        }
        let told = problems(&old, &[entry("a", 2, 9)]).concat();
        assert!(
            told.contains("a: the interface has changed, but its version is still 2"),
            "{told}"
        );
    }

    #[test]
    fn new_and_gone_interfaces_are_told() {
        let told = problems(&[entry("old", 1, 1)], &[entry("new", 1, 2)]);
        assert_eq!(told.len(), 2);
        assert!(told[0].starts_with("new is not in") && told[1].starts_with("old is in"));
        assert!(silent_changes(&[], &[entry("new", 1, 2)]).is_empty());
    }
}
