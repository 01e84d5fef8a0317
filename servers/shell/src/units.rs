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

/// Bytes: `12 B`, `3.4 KiB`, `120 MiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let step = (bytes.ilog2() / 10).clamp(1, 6);
    let unit = UNITS.get(step as usize - 1).unwrap_or(&"EiB");
    let tenths = (u128::from(bytes) * 10) >> (10 * step);
    match tenths {
        0..100 => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        _ => format!("{} {unit}", tenths / 10),
    }
}

/// Permission bits as letters: `rwxr-xr-x`.
pub fn mode(mode: u16) -> String {
    let letter = |(place, letter): (usize, char)| {
        if mode & (0o400 >> place) == 0 { '-' } else { letter }
    };
    "rwxrwxrwx".chars().enumerate().map(letter).collect()
}

/// Nanoseconds since the start of 1970 as a date in UTC: `2024-02-29 13:05`; `-` for 0.
pub fn date(ns: u64) -> String {
    if ns == 0 {
        return "-".into();
    }
    let [year, month, day] = civil(ns);
    let minutes = ns / (60 * SECOND);
    format!("{year}-{month:02}-{day:02} {:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

/// The same with seconds, for any time: `2024-02-29 13:05:07`.
pub fn date_to_second(ns: u64) -> String {
    let ([year, month, day], seconds) = (civil(ns), ns / SECOND);
    let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02}", seconds % 60)
}

/// A time by a format of `%Y %m %d %H %M %S %s %F %T %%`; none when it has others.
pub fn date_by(pattern: &str, ns: u64) -> Option<String> {
    let whole = date_to_second(ns);
    let (day, time) = whole.split_once(' ')?;
    let part = |text: &str, place: usize| text.split(['-', ':']).nth(place).map(String::from);
    let (mut text, mut rest) = (String::new(), pattern.chars());
    while let Some(character) = rest.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        text.push_str(&match rest.next()? {
            'Y' => part(day, 0)?,
            'm' => part(day, 1)?,
            'd' => part(day, 2)?,
            'H' => part(time, 0)?,
            'M' => part(time, 1)?,
            'S' => part(time, 2)?,
            's' => format!("{}", ns / SECOND),
            'F' => day.into(),
            'T' => time.into(),
            '%' => "%".into(),
            _ => return None,
        });
    }
    Some(text)
}

/// Nanoseconds in a number of seconds, which may have a point: `2`, `0.25`. None for other text.
pub fn parse_seconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if !part.bytes().all(|byte| byte.is_ascii_digit()) || part.is_empty() {
        return None;
    }
    let part: u64 = format!("{part:0<9}").get(..9)?.parse().ok()?;
    let whole: u64 = whole.parse().ok()?;
    Some(whole.saturating_mul(SECOND).saturating_add(part))
}

/// Year, month and day of a number of nanoseconds since the start of 1970.
///
/// Source: the civil calendar from days in eras of 400 years, which begin with a March.
fn civil(ns: u64) -> [u64; 3] {
    let minutes = ns / (60 * SECOND);
    let days = minutes / (24 * 60) + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) =
        (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    [era * 400 + year + u64::from(month <= 2), month, day]
}

#[cfg(test)]
mod tests {
    use super::{
        bytes, cpu_time, date, date_to_second, mode, pages, parse_seconds, percent, tenths, time,
    };

    #[test]
    fn sizes_modes_and_dates() {
        let leap = 1_709_211_907 * super::SECOND;
        let shown = super::date_by("%F|%T|%Y.%m.%d %H%M%S %s%%", leap);
        assert_eq!(shown.as_deref(), Some("2024-02-29|13:05:07|2024.02.29 130507 1709211907%"));
        assert_eq!((super::date_by("%q", leap), super::date_by("%", leap)), (None, None));
        let sizes = [0, 1023, 1024, 1536, 10 << 20, 123 << 30, u64::MAX].map(bytes);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "10 MiB", "123 GiB", "15 EiB"]);
        assert_eq!([mode(0o755), mode(0o640)], ["rwxr-xr-x", "rw-r-----"]);
        let dates = [0, 1, 951_782_400, 1_709_211_900, 1_735_689_599, 4_107_542_400];
        assert_eq!(
            dates.map(|seconds| date(seconds * super::SECOND)),
            [
                "-",
                "1970-01-01 00:00",
                "2000-02-29 00:00",
                "2024-02-29 13:05",
                "2024-12-31 23:59",
                "2100-03-01 00:00"
            ]
        );
    }

    #[test]
    fn seconds_are_shown_and_read() {
        assert_eq!(date_to_second(1_709_211_907 * super::SECOND), "2024-02-29 13:05:07");
        assert_eq!(date_to_second(0), "1970-01-01 00:00:00");
        let read = ["2", "0.25", "1.0000000019"].map(parse_seconds);
        assert_eq!(read, [Some(2_000_000_000), Some(250_000_000), Some(1_000_000_001)]);
        assert_eq!(["", ".", "1.", "-1", "1.x", "1e3"].map(parse_seconds), [None; 6]);
    }

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
