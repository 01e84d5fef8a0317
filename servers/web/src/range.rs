//! The range of a content that a request wants.

/// What to send of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Everything.
    All,
    /// From the first byte to the last one.
    Part(u64, u64),
    /// Nothing of it is there.
    Nothing,
}

/// Reads a `Range` of a content of this length. What is no single range of bytes asks for
/// everything. Source: RFC 9110, section 14.2.
pub(crate) fn wanted(text: Option<&str>, length: u64) -> Wanted {
    let spec = text.and_then(|text| text.strip_prefix("bytes="));
    let Some((first, last)) = spec.and_then(|spec| spec.split_once('-')) else {
        return Wanted::All;
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More than fits is more than there is.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Wanted::All,
        (Some(first), _) if first >= length => bad_or(last, number(last)),
        (Some(first), Some(last)) => Wanted::Part(first, last.min(length - 1)),
        (Some(first), None) if last.is_empty() => Wanted::Part(first, length - 1),
        (None, Some(0)) if first.is_empty() => Wanted::Nothing,
        (None, Some(_)) if first.is_empty() && length == 0 => Wanted::Nothing,
        (None, Some(count)) if first.is_empty() => {
            Wanted::Part(length.saturating_sub(count), length - 1)
        }
        _ => Wanted::All,
    }
}

fn bad_or(last: &str, number: Option<u64>) -> Wanted {
    if last.is_empty() || number.is_some() { Wanted::Nothing } else { Wanted::All }
}

#[cfg(test)]
mod tests {
    use super::{Wanted, wanted};

    #[test]
    fn ranges_are_read() {
        let of = |text| wanted(Some(text), 100);
        assert_eq!(of("bytes=0-0"), Wanted::Part(0, 0));
        assert_eq!(of("bytes=10-19"), Wanted::Part(10, 19));
        assert_eq!(of("bytes=90-"), Wanted::Part(90, 99));
        assert_eq!(of("bytes=90-18446744073709551616"), Wanted::Part(90, 99));
        assert_eq!(of("bytes=-10"), Wanted::Part(90, 99));
        assert_eq!(of("bytes=-1000"), Wanted::Part(0, 99));
        for nothing in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(of(nothing), Wanted::Nothing, "{nothing}");
        }
        for all in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-1",
            "bytes=1-2,5-6",
            "bytes=1-x",
            "bytes=200-x",
            "lines=1-2",
            "bytes=--1",
            "bytes=+1-2",
        ] {
            assert_eq!(of(all), Wanted::All, "{all}");
        }
        assert_eq!(wanted(None, 5), Wanted::All);
        for empty in ["bytes=0-", "bytes=-5"] {
            assert_eq!(wanted(Some(empty), 0), Wanted::Nothing);
        }
    }
}
