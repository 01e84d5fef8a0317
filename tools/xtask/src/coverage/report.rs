//! The table.

use super::lcov::{Counts, Share};
use std::fmt::Write as _;

/// A line for each file, the least covered last, and the total.
pub(super) fn table(files: &[(String, Counts)]) -> String {
    let width = files.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max("total".len());
    let mut total = Counts::default();
    let mut text = format!("{:width$}  {:>16}  {:>16}\n", "file", "lines", "branches");
    let mut files: Vec<_> = files.iter().collect();
    files.sort_by(|(a, x), (b, y)| percent(y.lines).total_cmp(&percent(x.lines)).then(a.cmp(b)));
    for (name, counts) in files {
        total.lines.add(counts.lines);
        total.branches.add(counts.branches);
        line(&mut text, name, width, counts);
    }
    line(&mut text, "total", width, &total);
    text
}

fn line(text: &mut String, name: &str, width: usize, counts: &Counts) {
    let (lines, branches) = (share(counts.lines), share(counts.branches));
    // Writing to a string cannot fail.
    let _written = writeln!(text, "{name:width$}  {lines:>16}  {branches:>16}");
}

fn share(share: Share) -> String {
    match share.all {
        0 => "-".to_owned(),
        _ => format!("{}/{} {:5.1}%", share.reached, share.all, percent(share)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of lines are small")]
fn percent(share: Share) -> f64 {
    if share.all == 0 { 100.0 } else { share.reached as f64 * 100.0 / share.all as f64 }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Share, table};

    #[test]
    fn the_total_is_the_sum_and_comes_last() {
        let file = |reached, all| Counts { lines: Share { reached, all }, ..Counts::default() };
        let text = table(&[("a.rs".into(), file(1, 4)), ("b.rs".into(), file(4, 4))]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("b.rs") && lines[1].contains("4/4 100.0%"));
        assert!(lines[3].starts_with("total") && lines[3].contains("5/8  62.5%"));
    }
}
