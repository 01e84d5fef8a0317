//! Numbers for people.

use alloc::format;
use alloc::string::String;

const SECOND: u64 = 1_000_000_000;

/// A time: `0.123 s`, `1 min 05 s`, `2 h 03 min`.
pub fn time(ns: u64) -> String {
    let seconds = ns / SECOND;
    match seconds {
        0..=59 => format!("{seconds}.{:03} s", ns % SECOND / 1_000_000),
        60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// CPU time in milliseconds with microseconds: `12.345 ms`.
pub fn cpu_time(ns: u64) -> String {
    format!("{}.{:03} ms", ns / 1_000_000, ns % 1_000_000 / 1000)
}

/// Pages of 4 KiB as memory: `12 KiB`.
pub fn pages(pages: u64) -> String {
    format!("{} KiB", pages.saturating_mul(4))
}

/// A part of a whole: `42 %`.
pub fn percent(part: u64, whole: u64) -> String {
    match part.saturating_mul(100).checked_div(whole) {
        Some(percent) => format!("{percent} %"),
        None => String::from("-"),
    }
}

/// A part of a whole with one more digit: `4.2 %`.
pub fn tenths(part: u64, whole: u64) -> String {
    match u128::from(part).saturating_mul(1000).checked_div(u128::from(whole)) {
        Some(tenths) => format!("{}.{} %", tenths / 10, tenths % 10),
        None => String::from("-"),
    }
}

#[cfg(test)]
mod tests {
    use super::{cpu_time, pages, percent, tenths, time};

    #[test]
    fn times() {
        assert_eq!(time(0), "0.000 s");
        assert_eq!(time(1_234_567_890), "1.234 s");
        assert_eq!(time(65_000_000_000), "1 min 05 s");
        assert_eq!(time(7_380_000_000_000), "2 h 03 min");
        assert_eq!(cpu_time(12_345_678), "12.345 ms");
    }

    #[test]
    fn memory_and_parts() {
        assert_eq!(pages(3), "12 KiB");
        assert_eq!(percent(1, 3), "33 %");
        assert_eq!(percent(1, 0), "-");
        assert_eq!(tenths(1, 3), "33.3 %");
        assert_eq!(tenths(u64::MAX, u64::MAX), "100.0 %");
        assert_eq!(tenths(1, 0), "-");
    }
}
