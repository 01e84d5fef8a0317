//! Reads the counts of a run, in the format of lcov.

use std::collections::BTreeMap;
use std::path::Path;

/// Reached and all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) reached: usize,
    pub(super) all: usize,
}

impl Share {
    pub(super) fn add(&mut self, other: Self) {
        self.reached += other.reached;
        self.all += other.all;
    }

    fn count(&mut self, reached: bool) {
        self.reached += usize::from(reached);
        self.all += 1;
    }
}

/// What was counted in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) lines: Share,
    pub(super) branches: Share,
}

/// The counts of all files in this folder, by their names in it. Tests inside a file of the
/// sources are not counted.
pub(super) fn parse(text: &str, folder: &Path) -> BTreeMap<String, Counts> {
    let mut files = BTreeMap::new();
    for record in text.split("end_of_record") {
        let Some(file) = record.lines().find_map(|line| line.strip_prefix("SF:")) else { continue };
        let Ok(name) = Path::new(file).strip_prefix(folder) else { continue };
        let source = std::fs::read_to_string(file).unwrap_or_default();
        files.insert(name.to_string_lossy().into_owned(), counts(record, end_of_code(&source)));
    }
    files
}

/// The first line that belongs to the tests in a source file.
fn end_of_code(source: &str) -> usize {
    let mut lines = source.lines().zip(source.lines().skip(1));
    let tests =
        |(line, next): (&str, &str)| line == "#[cfg(test)]" && next.starts_with("mod tests {");
    lines.position(tests).map_or(usize::MAX, |index| index + 1)
}

fn counts(record: &str, end: usize) -> Counts {
    let mut counts = Counts::default();
    for line in record.lines() {
        let (kind, values) = line.split_once(':').unwrap_or_default();
        let values: Vec<&str> = values.split(',').collect();
        let number = values.first().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX);
        let taken = values.last().is_some_and(|count| !matches!(*count, "0" | "-"));
        match kind {
            "DA" if number < end => counts.lines.count(taken),
            "BRDA" if number < end => counts.branches.count(taken),
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::{Share, counts, end_of_code};

    #[test]
    fn lines_and_branches_are_counted_up_to_the_tests() {
        let record = "SF:/a.rs\nDA:1,5\nDA:2,0\nBRDA:2,0,0,-\nBRDA:2,0,1,3\nDA:9,1\nLF:3\n";
        let counts = counts(record, 9);
        assert_eq!(counts.lines, Share { reached: 1, all: 2 });
        assert_eq!(counts.branches, Share { reached: 1, all: 2 });
    }

    #[test]
    fn tests_in_a_file_are_found() {
        assert_eq!(end_of_code("fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n"), 3);
        assert_eq!(end_of_code("#[cfg(test)]\nfn a() {}\n"), usize::MAX);
    }
}
