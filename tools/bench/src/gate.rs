//! The gate: no deterministic count may grow by more than two per cent unless the baseline is
//! renewed, which a reviewer sees.

use crate::{Row, Run};

/// How much a count may grow, in per cent.
const ALLOWED: u64 = 2;

/// The problems of these rows: counts that grew, operations that only one of the two runs has.
/// `whole`: all operations were measured, so a missing one counts.
pub fn growth(baseline: &Run, rows: &[Row], whole: bool) -> Vec<String> {
    let mut problems: Vec<String> =
        rows.iter().filter_map(|row| problem(&row.name, baseline, row.figures.median)).collect();
    if whole {
        let is_there = |name: &&String| rows.iter().any(|row| row.name == **name);
        let gone = baseline.rows.keys().filter(|name| !is_there(name));
        problems.extend(gone.map(|name| format!("{name}: in the baseline, but not measured")));
    }
    problems
}

/// The advice for a problem.
pub const RENEW: &str = "if that is meant, renew the baseline with `cargo xtask bench \
                         --baseline` and commit it with its reason";

fn problem(name: &str, baseline: &Run, now: u64) -> Option<String> {
    let Some(before) = baseline.median(name) else {
        return Some(format!("{name}: {now}, and not in the baseline"));
    };
    if !grew(before, now) {
        return None;
    }
    let percent = now as f64 / before as f64 * 100.0 - 100.0;
    Some(format!(
        "{name}: {now} instructions, {before} in the baseline: {percent:+.1}%, more than {ALLOWED}%"
    ))
}

/// Whether the count grew by more than it may.
fn grew(before: u64, now: u64) -> bool {
    u128::from(now) * 100 > u128::from(before) * u128::from(100 + ALLOWED)
}

#[cfg(test)]
mod tests {
    use super::{grew, growth};
    use crate::{Figures, Row, Run};

    fn rows(rows: &[(&str, u64)]) -> Vec<Row> {
        let row = |(name, median): &(&str, u64)| Row {
            name: (*name).to_owned(),
            figures: Figures { median: *median, ..Figures::default() },
        };
        rows.iter().map(row).collect()
    }

    fn baseline() -> Run {
        Run::new("a".into(), "today".into(), &rows(&[("call", 1_000), ("signal", 50)]))
    }

    #[test]
    fn two_per_cent_are_allowed_and_no_instruction_more() {
        assert!(!grew(1_000, 1_020) && grew(1_000, 1_021));
        assert!(!grew(50, 51) && grew(50, 52));
        assert!(!grew(1_000, 1) && !grew(0, 0) && grew(0, 1));
        assert!(!grew(u64::MAX, u64::MAX));
    }

    #[test]
    fn growth_is_told_with_the_row_and_both_counts() {
        assert!(growth(&baseline(), &rows(&[("call", 1_020), ("signal", 40)]), true).is_empty());
        let problems = growth(&baseline(), &rows(&[("call", 1_030), ("signal", 50)]), true);
        assert_eq!(problems.len(), 1);
        for part in ["call: 1030", "1000 in the baseline", "+3.0%, more than 2%"] {
            assert!(problems[0].contains(part), "{part}: {problems:?}");
        }
    }

    #[test]
    fn an_operation_that_only_one_side_has_is_told() {
        let new = growth(&baseline(), &rows(&[("call", 1), ("signal", 1), ("map", 7)]), true);
        assert!(new.len() == 1 && new[0].starts_with("map: 7, and not in the baseline"), "{new:?}");
        let gone = growth(&baseline(), &rows(&[("call", 1)]), true);
        assert!(gone.len() == 1 && gone[0].starts_with("signal: in the baseline"), "{gone:?}");
        assert!(growth(&baseline(), &rows(&[("call", 1)]), false).is_empty());
    }
}
