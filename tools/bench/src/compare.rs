//! Counts beside those of the baseline and of peers.

use crate::table::{aligned, grouped};
use crate::{Peer, Peers, Row, Run};

/// Compares medians: a table, and how many rows are at the counts of their peers or below.
pub fn compare(rows: &[Row], baseline: Option<&Run>, peers: &Peers) -> String {
    let head = ["operation", "now", "before", "ratio", "seL4", "ratio", "Linux", "ratio"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    let (mut with_peer, mut at_peer) = (0, 0);
    for Row { name, figures } in rows {
        let (now, peer) = (figures.median, peers.0.get(name));
        let before = baseline.and_then(|run| run.median(name));
        let (sel4, linux) = (peer.and_then(|it| it.sel4), peer.and_then(|it| it.linux));
        let mut line = vec![name.clone(), grouped(now)];
        for count in [before, sel4, linux] {
            line.push(count.map_or(String::new(), grouped));
            line.push(count.map_or(String::new(), |count| ratio(now, count)));
        }
        lines.push(line);
        with_peer += u32::from(peer.is_some());
        at_peer += u32::from(peer.is_some_and(|peer| is_at(now, peer)));
    }
    let known = |name: &&String| rows.iter().any(|row| row.name == **name);
    let unknown = peers.0.keys().filter(|name| !known(name));
    let notes = unknown.map(|name| format!("{name}: has peers, but was not measured\n"));
    format!(
        "{}\n{}{at_peer} of {with_peer} rows with peers are at their counts or below\n",
        aligned(&lines),
        notes.collect::<String>()
    )
}

/// Whether a count is at most those of its peers.
fn is_at(now: u64, peer: &Peer) -> bool {
    [peer.sel4, peer.linux].into_iter().flatten().all(|count| now <= count)
}

/// The ratio of this count to the other.
fn ratio(now: u64, other: u64) -> String {
    let hundredths = u128::from(now) * 100 / u128::from(other.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::{compare, is_at, ratio};
    use crate::{Figures, Peer, Peers, Row, Run};

    fn peer(sel4: u64, linux: u64) -> Peer {
        Peer { sel4: Some(sel4), linux: Some(linux), ..Peer::default() }
    }

    #[test]
    fn a_row_is_at_its_peers_when_it_is_at_each() {
        assert!(is_at(432, &peer(432, 4_320)));
        assert!(!is_at(433, &peer(432, 10_000)));
        assert!(!is_at(400, &peer(432, 399)));
        assert!(is_at(400, &Peer { linux: Some(400), ..Peer::default() }));
    }

    #[test]
    fn ratios_have_two_digits() {
        assert_eq!([ratio(432, 432), ratio(1, 3), ratio(864, 432)], ["1.00", "0.33", "2.00"]);
    }

    #[test]
    fn rows_have_their_ratios_and_are_counted() {
        let figures = Figures { median: 500, ..Figures::default() };
        let rows = ["a", "b", "d"].map(|name| Row { name: name.into(), figures });
        let run = Run::new("x".into(), "y".into(), &rows);
        let peers = [("a", peer(400, 9_000)), ("b", peer(500, 1_000)), ("c", peer(1, 1))];
        let peers = peers.map(|(name, peer)| (name.to_owned(), peer)).into();
        let text = compare(&rows, Some(&run), &Peers(peers));
        assert!(text.contains("500   1.00   400   1.25  9,000   0.05"), "{text}");
        assert!(text.contains("c: has peers, but was not measured\n1 of 2 rows"), "{text}");
    }
}
