//! The results: rows by kind of fault and by server.

use crate::books::{BOOKS, TARGETS};
use crate::faults::Kind;
use crate::watch::{Seen, Shown};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

/// What became of one kind of fault, or of all faults of one server.
#[derive(Default)]
struct Row {
    shown: BTreeMap<Shown, u64>,
    detections_us: Vec<u32>,
    recoveries_us: Vec<u32>,
}

/// All rows.
#[derive(Default)]
pub(crate) struct Table {
    kinds: BTreeMap<&'static str, Row>,
    servers: BTreeMap<&'static str, Row>,
}

impl Row {
    fn add(&mut self, seen: &Seen) {
        *self.shown.entry(seen.shown.clone()).or_default() += 1;
        if matches!(seen.shown, Shown::Died(_)) {
            let us = |ns: u64| u32::try_from(ns / 1000).unwrap_or(u32::MAX);
            self.detections_us.push(us(seen.detection_ns));
            self.recoveries_us.push(us(seen.recovery_ns));
        }
    }

    fn count(&self, of: impl Fn(&Shown) -> bool) -> u64 {
        self.shown.iter().filter(|(shown, _)| of(shown)).map(|(_, count)| count).sum()
    }

    /// `name  faults  died  told  nothing  given up  lost`, and mean and 99th percentile of the times
    /// to the death and from there to work again.
    fn line(&mut self, name: &str) -> String {
        let (found, found_p99) = mean_and_p99(&mut self.detections_us);
        let (mean, p99) = mean_and_p99(&mut self.recoveries_us);
        let all = self.count(|_| true);
        let died = self.count(|shown| matches!(shown, Shown::Died(_)));
        let [told, nothing, given_up, lost] =
            [Shown::Told, Shown::Nothing, Shown::GivenUp, Shown::Lost]
                .map(|wanted| self.count(|shown| *shown == wanted));
        format!(
            "{name:<15}{all:>7}{died:>7}{told:>7}{nothing:>9}{given_up:>10}{lost:>6}\
             {found:>10}{found_p99:>10}{mean:>10}{p99:>10}"
        )
    }
}

fn mean_and_p99(times_us: &mut [u32]) -> (String, String) {
    times_us.sort_unstable();
    let sum: u64 = times_us.iter().copied().map(u64::from).sum();
    let mean = sum.checked_div(times_us.len() as u64).unwrap_or(0);
    let p99 = times_us.get(times_us.len() * 99 / 100).copied().unwrap_or(0);
    (tenths_of_ms(mean), tenths_of_ms(p99.into()))
}

fn tenths_of_ms(us: u64) -> String {
    format!("{}.{}", us / 1000, us % 1000 / 100)
}

/// Times in milliseconds: from the fault to the death, and from there to work again.
const HEAD: &str = "                faults   died   told  nothing  given up  lost\
                    \u{20} found ms       p99   back ms       p99";

impl Table {
    pub(crate) fn add(&mut self, target: usize, kind: Kind, seen: &Seen) {
        self.kinds.entry(kind.name()).or_default().add(seen);
        self.servers.entry(TARGETS[target]).or_default().add(seen);
    }

    /// Servers that did not come back and were not given up.
    pub(crate) fn lost(&self) -> u64 {
        self.servers.values().map(|row| row.count(|shown| *shown == Shown::Lost)).sum()
    }

    /// Prints everything into the log.
    pub(crate) fn print(&mut self) {
        say(HEAD);
        for (name, row) in &mut self.kinds {
            say(&row.line(name));
        }
        say("");
        for (name, row) in &mut self.servers {
            say(&row.line(name));
        }
        say("");
        for (name, row) in &self.servers {
            for (shown, count) in &row.shown {
                if let Shown::Died(cause) = shown {
                    say(&format!("{name}: died {count} times of: {cause}"));
                }
            }
        }
        say("");
        say("operations          right    errors   refused by check   wrong unnoticed");
        for (name, book) in TARGETS.iter().zip(&BOOKS) {
            let [right, errors, refused, wrong] =
                [&book.right, &book.errors, &book.refused, &book.wrong]
                    .map(|count| count.load(Ordering::Relaxed));
            say(&format!("{name:<15}{right:>10}{errors:>10}{refused:>19}{wrong:>18}"));
        }
    }
}

pub(crate) fn say(line: &str) {
    defmt::info!("| {=str}", line);
}
