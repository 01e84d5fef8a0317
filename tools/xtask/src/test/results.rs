//! Counting: results of a part, and the summary of all parts.

use anyhow::Result;
use std::time::{Duration, Instant};

/// The results of one part of the tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Results {
    /// Tests that passed.
    pub(crate) passed: usize,
    /// A text for each failure.
    pub(crate) failures: Vec<String>,
}

impl Results {
    /// Number of failures.
    pub(crate) fn failed(&self) -> usize {
        self.failures.len()
    }
}

/// The results of all parts.
#[derive(Default)]
pub(super) struct Summary {
    parts: Vec<(String, Results, Duration)>,
}

impl Summary {
    /// Runs a part. An error of the part counts as a failure.
    pub(super) fn run(&mut self, name: &str, part: impl FnOnce() -> Result<Results>) {
        let started = Instant::now();
        let results = part()
            .unwrap_or_else(|error| Results { passed: 0, failures: vec![format!("{error:#}")] });
        for failure in &results.failures {
            eprintln!("failed: {name}: {failure}");
        }
        self.parts.push((name.to_owned(), results, started.elapsed()));
    }

    /// A part that failed before it began.
    pub(super) fn add_failure(&mut self, name: &str, why: &str) {
        self.run(name, || Err(anyhow::anyhow!("{why}")));
    }

    /// Prints a line for each part and the closing line. Returns the exit status.
    pub(super) fn print(&self) -> u8 {
        println!();
        for (name, results, time) in &self.parts {
            let (passed, failed) = (results.passed, results.failed());
            println!("{name:26} {passed:5} passed {failed:5} failed {:8.1} s", time.as_secs_f32());
        }
        let (line, status) = self.closing();
        println!("{line}");
        status
    }

    fn closing(&self) -> (String, u8) {
        let passed: usize = self.parts.iter().map(|part| part.1.passed).sum();
        let failed: usize = self.parts.iter().map(|part| part.1.failed()).sum();
        (format!("{passed} passed, {failed} failed"), u8::from(failed > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::{Results, Summary};

    #[test]
    fn parts_are_summed_and_a_part_that_breaks_is_a_failure() {
        let mut summary = Summary::default();
        summary.run("a", || Ok(Results { passed: 3, failures: Vec::new() }));
        assert_eq!(summary.closing(), ("3 passed, 0 failed".to_owned(), 0));
        summary.run("b", || Err(anyhow::anyhow!("does not build")));
        assert_eq!(summary.closing(), ("3 passed, 1 failed".to_owned(), 1));
    }
}
