//! Samples as a line: `bench NAME SAMPLES MIN Q1 MEDIAN Q3 P99 MAX`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// Count, minimum, quartiles with the median, 99th percentile, maximum.
pub(crate) type Figures = [u64; 7];

/// What samples come to.
pub(crate) fn figures(mut samples: Vec<u64>) -> Figures {
    samples.sort_unstable();
    let at = |share: usize| {
        let place = samples.len().saturating_sub(1) * share / 100;
        samples.get(place).copied().unwrap_or(0)
    };
    [samples.len() as u64, at(0), at(25), at(50), at(75), at(99), at(100)]
}

/// The line of an operation.
pub(crate) fn line(row: &str, figures: &Figures) -> String {
    let mut line = String::from("bench ");
    line.push_str(row);
    for number in figures {
        // Writing to a string never fails.
        let _ = write!(line, " {number}");
    }
    line
}
