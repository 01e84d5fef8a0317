//! Counts beside those of the baseline and of peers, with a verdict for each row.

use crate::table::{aligned, grouped};
use crate::{Peer, Peers, Row, Run};

/// The goal of a row: Linux's count divided by this.
const BELOW_LINUX: u64 = 10;

/// The table, and the rows that miss a goal without a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The table.
    pub text: String,
    /// Names of rows.
    pub missed: Vec<String>,
}

/// Compares medians.
pub fn compare(rows: &[Row], baseline: Option<&Run>, peers: &Peers) -> Comparison {
    let head =
        ["operation", "now", "before", "ratio", "seL4", "ratio", "Linux", "ratio", "verdict"];
    let (mut lines, mut notes, mut missed) =
        (vec![head.map(str::to_owned).to_vec()], Vec::new(), Vec::new());
    for Row { name, figures } in rows {
        let (now, peer) = (figures.median, peers.0.get(name));
        let before = baseline.and_then(|run| run.median(name));
        let (sel4, linux) = (peer.and_then(|it| it.sel4), peer.and_then(|it| it.linux));
        let verdict = peer.map_or("", |peer| verdict(now, peer));
        let count = |count: Option<u64>| count.map_or(String::new(), grouped);
        let ratio = |count: Option<u64>| count.map_or(String::new(), |count| ratio(now, count));
        lines.push(vec![
            name.clone(),
            grouped(now),
            count(before),
            ratio(before),
            count(sel4),
            ratio(sel4),
            count(linux),
            ratio(linux),
            verdict.to_owned(),
        ]);
        let reasons = peer.into_iter().flat_map(|peer| goals(now, peer));
        notes.extend(reasons.filter_map(|it| {
            let reason = it.reason?;
            Some(if it.missed {
                format!("{name}: {reason}\n")
            } else {
                format!("{name}: reaches a goal that has a reason to be missed: {reason}\n")
            })
        }));
        if verdict == MISSED {
            missed.push(name.clone());
        }
    }
    let known = |name: &&String| rows.iter().any(|row| row.name == **name);
    let unknown = peers.0.keys().filter(|name| !known(name));
    notes.extend(unknown.map(|name| format!("{name}: has peers, but was not measured\n")));
    Comparison { text: format!("{}\n{}", aligned(&lines), notes.concat()), missed }
}

const GOOD: &str = "good";
const REASON: &str = "reason below";
const MISSED: &str = "MISSED";

/// One of the two goals of a row.
struct Goal<'a> {
    missed: bool,
    reason: Option<&'a str>,
}

/// At most seL4's count, and at most a tenth of Linux's.
fn goals(now: u64, peer: &Peer) -> [Goal<'_>; 2] {
    let near = now.saturating_mul(BELOW_LINUX);
    [
        Goal {
            missed: peer.sel4.is_some_and(|count| now > count),
            reason: peer.sel4_reason.as_deref(),
        },
        Goal {
            missed: peer.linux.is_some_and(|count| near > count),
            reason: peer.linux_reason.as_deref(),
        },
    ]
}

fn verdict(now: u64, peer: &Peer) -> &'static str {
    let missed = goals(now, peer).into_iter().filter(|goal| goal.missed);
    match missed.map(|goal| goal.reason.is_some()).min() {
        None => GOOD,
        Some(true) => REASON,
        Some(false) => MISSED,
    }
}

/// The ratio of this count to the other.
fn ratio(now: u64, other: u64) -> String {
    let hundredths = u128::from(now) * 100 / u128::from(other.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::{compare, ratio, verdict};
    use crate::{Figures, Peer, Peers, Row, Run};
    use std::collections::BTreeMap;

    fn peer(sel4: u64, linux: u64) -> Peer {
        Peer { sel4: Some(sel4), linux: Some(linux), ..Peer::default() }
    }

    #[test]
    fn both_goals_are_to_be_reached_or_a_reason_given() {
        assert_eq!(verdict(432, &peer(432, 4_320)), "good");
        assert_eq!(verdict(433, &peer(432, 10_000)), "MISSED");
        assert_eq!(verdict(400, &peer(432, 3_999)), "MISSED");
        let linux_reason = Some("physics".to_owned());
        let with_reason = Peer { linux_reason, ..peer(432, 1) };
        assert_eq!(verdict(400, &with_reason), "reason below");
        assert_eq!(verdict(500, &with_reason), "MISSED", "a reason is for one goal");
    }

    #[test]
    fn ratios_have_two_digits() {
        assert_eq!([ratio(432, 432), ratio(1, 3), ratio(864, 432)], ["1.00", "0.33", "2.00"]);
    }

    #[test]
    fn rows_that_miss_are_named_and_reasons_are_told() {
        let figures = Figures { median: 500, ..Figures::default() };
        let rows = ["a", "b"].map(|name| Row { name: name.into(), figures });
        let run = Run::new("x".into(), "y".into(), &rows);
        let with_reason = Peer { sel4_reason: Some("because".into()), ..peer(400, 9_000) };
        let reached = Peer { linux_reason: Some("once".into()), ..with_reason.clone() };
        let peers = [("a", peer(400, 9_000)), ("b", reached), ("c", peer(1, 1))];
        let peers: BTreeMap<_, _> = peers.map(|(name, peer)| (name.to_owned(), peer)).into();
        let comparison = compare(&rows, Some(&run), &Peers(peers));
        assert_eq!(comparison.missed, ["a"]);
        let notes = "b: because\n\
                     b: reaches a goal that has a reason to be missed: once\n\
                     c: has peers";
        assert!(comparison.text.contains(notes), "{}", comparison.text);
    }
}
