//! Text in HTML, and numbers for people.

use alloc::format;
use alloc::string::String;
use core::fmt::{self, Display, Formatter, Write as _};

const KIB: u64 = 1024;
const MS: u64 = 1_000_000;

/// Text of others, which has no meaning in HTML.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|it| match it {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            // A line end would end a field of an event.
            it if it.is_control() => f.write_char(' '),
            it => f.write_char(it),
        })
    }
}

/// Thousandths as percent.
pub(super) fn percent(thousandths: u64) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

/// A number of bytes.
pub(super) fn bytes(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB"];
    let (mut value, mut unit, mut rest) = (bytes, 0, 0);
    while value >= KIB && unit < units.len() - 1 {
        (rest, value) = (value % KIB, value / KIB);
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 || value >= 100 {
        return format!("{value} {name}");
    }
    format!("{value}.{} {name}", rest * 10 / KIB)
}

/// A number of pages of 4 KiB.
pub(super) fn pages(pages: u64) -> String {
    bytes(pages.saturating_mul(4 * KIB))
}

/// A large number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = format!("{number}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time in its two largest units.
pub(super) fn time(ns: u64) -> String {
    let ms = ns / MS;
    let (s, min, h, d) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    match (ms, s, min, h, d) {
        (..1_000, ..) => format!("{ms} ms"),
        (_, ..60, ..) => format!("{s}.{} s", ms % 1000 / 100),
        (_, _, ..60, ..) => format!("{min} min {} s", s % 60),
        (_, _, _, ..24, _) => format!("{h} h {} min", min % 60),
        _ => format!("{d} d {} h", h % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, bytes, grouped, percent, time};

    #[test]
    fn text_of_others_is_only_text() {
        let text = Text("<b onload='x'>&\"\r\ndata: y").to_string();
        assert_eq!(text, "&lt;b onload=&#39;x&#39;&gt;&amp;&quot;  data: y");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0, 1023, 1536, 200 << 20].map(bytes), ["0 B", "1023 B", "1.5 KiB", "200 MiB"]);
        assert_eq!(bytes(u64::MAX), "17179869183 GiB");
        assert_eq!(percent(123), "12.3%");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        let times = [5, 1_500, 61_000, 7_260_000, 90_000_000].map(|ms| time(ms * 1_000_000));
        assert_eq!(times, ["5 ms", "1.5 s", "1 min 1 s", "2 h 1 min", "1 d 1 h"]);
    }
}
