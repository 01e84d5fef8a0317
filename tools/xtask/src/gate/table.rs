//! The table: a row for each property, and what is wrong with it.

use super::find::{Side, Test};
use super::texts::Text;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What each test gave, by its name; `None`: it did not run.
pub(super) type Verdicts = BTreeMap<(Side, String), bool>;

/// A property with its tests.
#[derive(Clone, Debug)]
pub(super) struct Row {
    number: usize,
    text: Text,
    tests: Vec<Test>,
}

/// The rows of all properties.
pub(super) fn rows(texts: &[Text], tests: &[Test]) -> Vec<Row> {
    let shows =
        |test: &Test, number: usize| test.numbers().iter().any(|n| usize::from(*n) == number);
    let row = |(place, text): (usize, &Text)| {
        let number = place + 1;
        let tests = tests.iter().filter(|test| shows(test, number)).cloned().collect();
        Row { number, text: text.clone(), tests }
    };
    texts.iter().enumerate().map(row).collect()
}

impl Row {
    fn count(&self, side: Side) -> usize {
        self.tests.iter().filter(|test| test.side == side).count()
    }

    /// Each side has a test or a reason, and not both.
    pub(super) fn problems(&self) -> Vec<String> {
        let problem = |on_host: bool, name: &str, reason: &Option<String>| {
            let shown = self.tests.iter().any(|test| test.side.on_host() == on_host);
            match (shown, reason) {
                (false, None) => Some(format!("no {name} test, and no reason why")),
                (true, Some(_)) => Some(format!("a {name} test, and a reason why there is none")),
                _ => None,
            }
        };
        [problem(true, "host", &self.text.no_host), problem(false, "QEMU", &self.text.no_qemu)]
            .into_iter()
            .flatten()
            .map(|text| format!("property {}: {text}", self.number))
            .collect()
    }

    /// Tests that failed or did not run.
    pub(super) fn failures(&self, verdicts: &Verdicts) -> Vec<String> {
        let failure = |test: &Test| match verdicts.get(&(test.side, test.name.clone())) {
            Some(true) => None,
            Some(false) => Some(format!("property {}: {} failed", self.number, test.name)),
            None => Some(format!("property {}: {} did not run", self.number, test.name)),
        };
        self.tests.iter().filter_map(failure).collect()
    }

    fn verdict(&self, verdicts: &Verdicts) -> &'static str {
        match (self.problems().is_empty(), self.failures(verdicts).is_empty()) {
            (_, false) => "FAILED",
            (false, _) => "EMPTY",
            (true, true) => "shown",
        }
    }
}

/// The table as text; with the names of the tests when they are wanted.
pub(super) fn text(rows: &[Row], verdicts: &Verdicts, names: bool) -> String {
    let mut out = format!(
        "{:>2}  {:62} {:>4} {:>6} {:>4} {:>6}  {}\n",
        "", "property", "host", "kernel", "user", "system", "verdict"
    );
    for row in rows {
        let count = |side| match row.count(side) {
            0 => "-".to_owned(),
            count => count.to_string(),
        };
        let host = match row.count(Side::Host) + row.count(Side::Types) {
            0 => "-".to_owned(),
            count => count.to_string(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{:2}  {:62} {host:>4} {:>6} {:>4} {:>6}  {}",
            row.number,
            row.text.text,
            count(Side::Kernel),
            count(Side::User),
            count(Side::System),
            row.verdict(verdicts)
        );
        for (side, reason) in [("host", &row.text.no_host), ("QEMU", &row.text.no_qemu)] {
            if let Some(reason) = reason {
                let _ = writeln!(out, "      no {side} test: {reason}");
            }
        }
        for test in row.tests.iter().filter(|_| names) {
            let _ = writeln!(out, "      {}", test.name);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Row, Side, Test, Text, Verdicts, rows, text};

    fn test(side: Side, name: &str) -> Test {
        Test { side, name: name.into(), package: "p".into() }
    }

    fn row(tests: &[Test], no_host: Option<&str>, no_qemu: Option<&str>) -> Row {
        let reason = |text: &str| text.to_owned();
        let text = Text {
            text: "words".into(),
            no_host: no_host.map(reason),
            no_qemu: no_qemu.map(reason),
        };
        rows(&[text], tests).remove(0)
    }

    fn good(tests: &[Test]) -> Verdicts {
        tests.iter().map(|test| ((test.side, test.name.clone()), true)).collect()
    }

    #[test]
    fn a_side_has_a_test_or_a_reason() {
        let host = test(Side::Host, "exit_01_a");
        let user = test(Side::User, "exit-01-b");
        let both = [host.clone(), user.clone()];
        assert!(row(&both, None, None).problems().is_empty());
        assert!(row(std::slice::from_ref(&host), None, Some("why")).problems().is_empty());
        assert!(row(&[user], Some("why"), None).problems().is_empty());
        assert_eq!(row(&[], None, None).problems().len(), 2);
        assert!(row(&[host], None, None).problems()[0].contains("no QEMU test"));
        assert!(row(&both, Some("old"), None).problems()[0].contains("a host test, and a reason"));
    }

    #[test]
    fn what_is_refused_by_types_counts_for_the_host() {
        let types = test(Side::Types, "exit_01_a");
        assert!(row(&[types], None, Some("why")).problems().is_empty());
    }

    #[test]
    fn a_test_that_failed_or_did_not_run_is_named() {
        let tests = [test(Side::Host, "exit_01_a"), test(Side::System, "exit_01_b")];
        let row = row(&tests, None, None);
        assert_eq!(row.verdict(&good(&tests)), "shown");
        let mut verdicts = good(&tests[..1]);
        assert_eq!(row.failures(&verdicts), ["property 1: exit_01_b did not run"]);
        verdicts.insert((Side::System, "exit_01_b".into()), false);
        assert_eq!(row.failures(&verdicts), ["property 1: exit_01_b failed"]);
        assert_eq!(row.verdict(&verdicts), "FAILED");
    }

    #[test]
    fn a_test_of_two_properties_stands_in_both_rows() {
        let texts = vec![Text { text: "x".into(), ..Text::default() }; 3];
        let tests = [test(Side::Kernel, "exit-01-03-both")];
        let counts: Vec<usize> =
            rows(&texts, &tests).iter().map(|row| row.count(Side::Kernel)).collect();
        assert_eq!(counts, [1, 0, 1]);
    }

    #[test]
    fn the_table_has_counts_reasons_and_verdicts() {
        let tests = [test(Side::Host, "exit_01_a")];
        let shown = text(&[row(&tests, None, Some("why not"))], &good(&tests), true);
        assert!(shown.contains("words") && shown.contains("shown"), "{shown}");
        assert!(shown.contains("no QEMU test: why not") && shown.contains("exit_01_a"), "{shown}");
        let empty = text(&[row(&[], None, None)], &Verdicts::new(), false);
        assert!(empty.contains("EMPTY"), "{empty}");
    }
}
