//! Runs, as files store them.

use crate::{Figures, Row};
use anyhow::{Context as _, Result};
use fs_err::OpenOptions;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

/// All operations, measured once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The commit, with a `+` when the tree had changes.
    pub commit: String,
    /// The date, in UTC.
    pub date: String,
    /// Minimum, quartiles with the median, maximum, by operation.
    pub rows: BTreeMap<String, [u64; 5]>,
}

impl Run {
    /// A run of these rows.
    pub fn new(commit: String, date: String, rows: &[Row]) -> Self {
        let kept = |row: &Row| {
            let Figures { min, first_quartile, median, third_quartile, max, .. } = row.figures;
            (row.name.clone(), [min, first_quartile, median, third_quartile, max])
        };
        Self { commit, date, rows: rows.iter().map(kept).collect() }
    }

    /// The median of an operation.
    pub fn median(&self, operation: &str) -> Option<u64> {
        self.rows.get(operation).map(|figures| figures[2])
    }

    /// Reads a run from a file.
    ///
    /// # Errors
    /// When the file is missing or holds no run.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs_err::read_to_string(file)?;
        serde_json::from_str(&text).with_context(|| format!("{} is no run", file.display()))
    }

    /// Reads all runs of a history.
    ///
    /// # Errors
    /// When the file is missing, or a line holds no run.
    pub fn read_all(file: &Path) -> Result<Vec<Self>> {
        let text = fs_err::read_to_string(file)?;
        let runs = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        runs.with_context(|| format!("{} has a line that is no run", file.display()))
    }

    /// Writes it to a file, an operation in each line.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let row = |(name, figures): (&String, &[u64; 5])| {
            Ok(format!("    {}: {}", serde_json::to_string(name)?, serde_json::to_string(figures)?))
        };
        let rows: Vec<String> = self.rows.iter().map(row).collect::<Result<_>>()?;
        let head = |text: &str| serde_json::to_string(text);
        let text = format!(
            "{{\n  \"commit\": {},\n  \"date\": {},\n  \"rows\": {{\n{}\n  }}\n}}\n",
            head(&self.commit)?,
            head(&self.date)?,
            rows.join(",\n")
        );
        Ok(fs_err::write(file, text)?)
    }

    /// Appends it to a history.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn append(&self, file: &Path) -> Result<()> {
        let mut history = OpenOptions::new().create(true).append(true).open(file)?;
        Ok(writeln!(history, "{}", serde_json::to_string(self)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::Run;
    use crate::{Figures, Row};

    fn run(commit: &str) -> Run {
        let figures = Figures { min: 1, median: 3, max: 5, ..Figures::default() };
        let rows = [Row { name: "call".into(), figures }, Row { name: "signal".into(), figures }];
        Run::new(commit.into(), "2026-11-28".into(), &rows)
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("baseline.json");
        run("a+").write(&file).unwrap();
        assert_eq!(Run::read(&file).unwrap(), run("a+"));
        assert_eq!(run("a").median("call"), Some(3));
        assert_eq!(run("a").median("other"), None);
        let lines = std::fs::read_to_string(&file).unwrap();
        assert!(lines.contains("    \"call\": [1,0,3,0,5],\n"), "{lines}");
    }

    #[test]
    fn a_history_grows_line_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("results.jsonl");
        run("a").append(&file).unwrap();
        run("b").append(&file).unwrap();
        assert_eq!(Run::read_all(&file).unwrap(), [run("a"), run("b")]);
    }
}
