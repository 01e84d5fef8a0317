//! The same operations with few and many objects.

use crate::Row;
use crate::table::{aligned, grouped};
use std::collections::BTreeMap;

/// How much a cost may grow and still count as flat, in per cent.
const FLAT: u64 = 10;

/// A table for each kind of object: an operation in each line, a number of objects in each
/// column; and the rows that grow without a reason. `reasons` are by `OPERATION@KIND`.
pub fn scale(rows: &[Row], reasons: &BTreeMap<String, String>) -> (String, Vec<String>) {
    let (mut text, mut growing) = (String::new(), Vec::new());
    let parts: Vec<(&str, &str, &str, u64)> = rows.iter().filter_map(parts).collect();
    for kind in in_order(parts.iter().map(|part| part.1)) {
        let of_kind: Vec<_> = parts.iter().filter(|part| part.1 == kind).collect();
        let numbers = in_order(of_kind.iter().map(|part| part.2));
        let head = numbers.iter().map(|number| number.parse().map_or("?".to_owned(), grouped));
        let mut lines = vec![std::iter::once(kind.to_owned()).chain(head).collect::<Vec<_>>()];
        let mut notes = String::new();
        for operation in in_order(of_kind.iter().map(|part| part.0)) {
            let costs: Vec<u64> =
                of_kind.iter().filter(|part| part.0 == operation).map(|part| part.3).collect();
            let cells = costs.iter().copied().map(grouped);
            let mut line: Vec<String> =
                std::iter::once(operation.to_owned()).chain(cells).collect();
            if grows(&costs) {
                let name = format!("{operation}@{kind}");
                line.push("grows".to_owned());
                match reasons.get(&name) {
                    Some(reason) => notes.push_str(&format!("  {operation}: {reason}\n")),
                    None => growing.push(name),
                }
            }
            lines.push(line);
        }
        text.push_str(&format!("{}{notes}\n", aligned(&lines)));
    }
    (text, growing)
}

/// Operation, kind, number, cost.
fn parts(row: &Row) -> Option<(&str, &str, &str, u64)> {
    let (operation, rest) = row.name.split_once('@')?;
    let (kind, number) = rest.split_once('@')?;
    Some((operation, kind, number, row.figures.median))
}

/// Each once, where it stood first.
fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Whether the last is more than the first, by more than is flat.
fn grows(costs: &[u64]) -> bool {
    let (Some(first), Some(last)) = (costs.first(), costs.last()) else { return false };
    last * 100 > first * (100 + FLAT)
}

#[cfg(test)]
mod tests {
    use super::{grows, scale};
    use crate::{Figures, Row};
    use std::collections::BTreeMap;

    #[test]
    fn flat_is_ten_per_cent() {
        assert!(!grows(&[100, 90, 110]) && grows(&[100, 100, 111]) && !grows(&[]));
    }

    #[test]
    fn what_grows_is_named_unless_there_is_a_reason() {
        let row = |name: &str, median| Row {
            name: name.to_owned(),
            figures: Figures { median, ..Figures::default() },
        };
        let rows = [
            row("call@timers@10", 5),
            row("arm@timers@10", 5),
            row("call@timers@1000", 5),
            row("arm@timers@1000", 8),
        ];
        let (text, growing) = scale(&rows, &BTreeMap::new());
        assert_eq!(growing, ["arm@timers"]);
        assert!(text.contains("timers  10  1,000\n") && text.contains("arm      5      8  grows"));
        let reasons = BTreeMap::from([("arm@timers".to_owned(), "a heap".to_owned())]);
        let (text, growing) = scale(&rows, &reasons);
        assert!(growing.is_empty() && text.contains("  arm: a heap\n"), "{text}");
    }
}
