//! The recorded sizes, and the difference to them.

use crate::workspace;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A size: its name, and a number of bytes, or of what the name says.
pub(super) type Size = (String, u64);

/// Sizes by name.
type Sizes = BTreeMap<String, u64>;

fn file() -> PathBuf {
    workspace::root().join("tests/bench/sizes.json")
}

/// The record.
pub(super) fn read() -> Result<Sizes> {
    let text = fs_err::read_to_string(file())?;
    serde_json::from_str(&text).context("tests/bench/sizes.json holds no sizes")
}

/// Writes the record.
pub(super) fn write(sizes: &[Size]) -> Result<()> {
    let sizes: Sizes = sizes.iter().cloned().collect();
    workspace::write(&file(), serde_json::to_string_pretty(&sizes)? + "\n")
}

/// A line for each size, with its growth.
pub(super) fn table(now: &[Size], before: &Sizes) -> String {
    let width = now.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, size): &Size| {
        let grown = match before.get(name) {
            None => "new".to_owned(),
            Some(before) if before == size => "=".to_owned(),
            Some(before) => format!("{:+}", i128::from(*size) - i128::from(*before)),
        };
        format!("{name:<width$}  {size:>10}  {grown:>9}\n")
    };
    now.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn each_size_has_its_difference() {
        let size = |name: &str, size| (name.to_owned(), size);
        let now = [size("text", 90), size("data", 7), size("bss", 1), size("rodata", 5)];
        let before = [size("text", 100), size("data", 7), size("rodata", 2)].into();
        let text = table(&now, &before);
        let ends: Vec<&str> =
            text.lines().filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(ends, ["-10", "=", "new", "+3"]);
    }
}
