//! Reads what `cargo test` prints.

use super::Results;

/// Counts the results in the output of `cargo test`. `success` is its exit status.
pub(super) fn parse(output: &str, success: bool) -> Results {
    let mut results = Results::default();
    let mut failed = 0;
    for line in output.lines() {
        if let Some(counts) = line.trim().strip_prefix("test result: ") {
            results.passed += count(counts, "passed");
            failed += count(counts, "failed");
        } else if let Some(name) = failed_name(line) {
            results.failures.push(name.to_owned());
        }
    }
    // Output of tests may be mixed in: the counts decide.
    results.failures.truncate(failed);
    while results.failures.len() < failed {
        results.failures.push("a test whose name was not found in the output".to_owned());
    }
    if !success && results.failures.is_empty() {
        results
            .failures
            .push("`cargo test` ended without a result (its output is above)".to_owned());
    }
    results
}

/// The number before this word: `… 21 passed; 0 failed; …`.
fn count(counts: &str, word: &str) -> usize {
    let words: Vec<&str> = counts.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

/// `test some::name ... FAILED`
fn failed_name(line: &str) -> Option<&str> {
    line.trim().strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

#[cfg(test)]
mod tests {
    use super::parse;

    const TWO: &str = "running 2 tests\ntest a::good ... ok\ntest a::bad ... FAILED\n\
        test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\
        test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 9 filtered out; finished in 0.1s\n";

    #[test]
    fn results_of_all_test_programs_are_added() {
        let results = parse(TWO, false);
        assert_eq!((results.passed, results.failures), (13, vec!["a::bad".to_owned()]));
    }

    #[test]
    fn what_does_not_build_is_one_failure() {
        assert_eq!(parse("error[E0433]: no", false).failed(), 1);
        assert_eq!(parse("", true).failed(), 0);
    }

    #[test]
    fn a_failure_without_a_name_still_counts() {
        let results = parse("test result: FAILED. 0 passed; 2 failed; 0 ignored", false);
        assert_eq!(results.failed(), 2);
    }

    #[test]
    fn a_program_that_crashed_fails_the_run() {
        let output = "test result: ok. 5 passed; 0 failed\nerror: test failed (signal: 6)";
        let results = parse(output, false);
        assert_eq!((results.passed, results.failed()), (5, 1));
    }
}
