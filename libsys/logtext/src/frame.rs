//! A frame of a defmt stream: rzCOBS, then the number of a string and the arguments.
//!
//! Source: the format of defmt 1.x (`encoding-rzcobs`), and that of rzCOBS. The crate `rzcobs`
//! decodes with std alone.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// Shown in place of an argument of a type that is not known here; what follows it is not known.
const UNKNOWN: &str = "<…>";

/// The bytes of a frame, which comes without the zero at its end; `None` when it is none.
pub(crate) fn decode(frame: &[u8]) -> Option<Vec<u8>> {
    // The encoding is made to be read backwards.
    let mut rest = frame.iter().rev().copied();
    let mut found = Vec::new();
    while let Some(control) = rest.next() {
        match control {
            0 => return None,
            1..=0x7f => {
                for bit in (0..7).rev() {
                    let is_zero = control & 1 << bit != 0;
                    found.push(if is_zero { 0 } else { rest.next()? });
                }
            }
            0x80..=0xfe => {
                found.push(0);
                for _ in 0..usize::from(control & 0x7f) + 7 {
                    found.push(rest.next()?);
                }
            }
            0xff => {
                for _ in 0..134 {
                    found.push(rest.next()?);
                }
            }
        }
    }
    found.reverse();
    Some(found)
}

/// The number of the string, and the bytes of the arguments.
pub(crate) fn split(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (number, arguments) = bytes.split_first_chunk()?;
    Some((u16::from_le_bytes(*number), arguments))
}

/// A string with its arguments; `None` when there are too few bytes.
pub(crate) fn text(format: &str, mut arguments: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        if let Some(behind) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            text.push_str(&from[..1]);
            rest = behind;
            continue;
        }
        rest = from;
        let Some((place, behind)) = from.strip_prefix('{').and_then(|it| it.split_once('}')) else {
            break;
        };
        let (kind, hint) = place.split_once(':').unwrap_or((place, ""));
        if !argument(&mut text, kind, hint, &mut arguments)? {
            text.push_str(UNKNOWN);
            return Some(text);
        }
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

/// Writes an argument; false when its type is not known.
fn argument(text: &mut String, kind: &str, hint: &str, bytes: &mut &[u8]) -> Option<bool> {
    match kind {
        "=str" => {
            let len = usize::try_from(number(bytes, 4)?).ok()?;
            let (string, rest) = bytes.split_at_checked(len)?;
            *bytes = rest;
            text.push_str(&String::from_utf8_lossy(string));
        }
        "=bool" => text.push_str(if number(bytes, 1)? == 0 { "false" } else { "true" }),
        "=char" => {
            let code = u32::try_from(number(bytes, 4)?).ok()?;
            text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        "=i8" | "=i16" | "=i32" | "=i64" | "=isize" => {
            let len = width(kind)?;
            let value = number(bytes, len)?;
            let shift = 64_u32.saturating_sub(u32::try_from(len).ok()?.saturating_mul(8));
            let _ = write!(text, "{}", (value << shift).cast_signed() >> shift);
        }
        _ => {
            let Some(len) = width(kind) else { return Some(false) };
            let value = number(bytes, len)?;
            let _ = match hint.trim_end_matches(|it: char| it.is_ascii_digit()) {
                "x" => write!(text, "{value:x}"),
                "#x" => write!(text, "{value:#x}"),
                "b" => write!(text, "{value:b}"),
                "#b" => write!(text, "{value:#b}"),
                _ if hint.starts_with('#') && hint.ends_with('x') => write!(text, "{value:#x}"),
                _ if hint.ends_with('x') => write!(text, "{value:x}"),
                _ => write!(text, "{value}"),
            };
        }
    }
    Some(true)
}

/// The bytes of an integer type.
fn width(kind: &str) -> Option<usize> {
    Some(match kind {
        "=u8" | "=i8" => 1,
        "=u16" | "=i16" => 2,
        "=u32" | "=i32" | "=usize" | "=isize" => 4,
        "=u64" | "=i64" => 8,
        _ => return None,
    })
}

fn number(bytes: &mut &[u8], len: usize) -> Option<u64> {
    let (number, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(number.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::{decode, split, text};

    /// As defmt encodes it.
    fn encoded(bytes: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        let mut encoder = defmt::Encoder::new();
        encoder.start_frame(|piece| frame.extend_from_slice(piece));
        encoder.write(bytes, |piece| frame.extend_from_slice(piece));
        encoder.end_frame(|piece| frame.extend_from_slice(piece));
        frame.retain(|byte| *byte != 0);
        frame
    }

    #[test]
    fn what_defmt_encodes_comes_back() {
        for len in 0..700 {
            for pattern in 0..5 {
                let byte = |at: usize| match pattern {
                    0 => 0,
                    1 => 7,
                    2 => u8::try_from(at % 3).unwrap(),
                    3 => u8::from(at % 140 != 0),
                    _ => u8::try_from(at % 256).unwrap(),
                };
                let bytes: Vec<u8> = (0..len).map(byte).collect();
                let found = decode(&encoded(&bytes)).unwrap();
                // The last bytes are filled up with zeros.
                assert_eq!(found[..len], bytes, "{len} bytes, pattern {pattern}");
                assert!(found[len..].iter().all(|byte| *byte == 0));
            }
        }
    }

    #[test]
    fn arguments_have_their_places() {
        let bytes = [2, 0, 3, 0, 0, 0, b'a', b'b', b'c', 0xff, 1, 0xfe, 0xff, 0x2a, 0, 0, 0];
        let (number, arguments) = split(&bytes).unwrap();
        assert_eq!(number, 2);
        let shown = text("{{{=str}}} {=u8:#x} {=bool} {=i16} {=u32:08x}!", arguments);
        assert_eq!(shown.unwrap(), "{abc} 0xff true -2 2a!");
        assert_eq!(text("{=u64}", &[1, 2]), None, "too few bytes");
        assert_eq!(text("{=str}", &[9, 0, 0, 0, 1]), None);
        assert_eq!(text("a {=f32} b", &[0; 4]).unwrap(), "a <…>");
        assert_eq!(text("a {", &[]).unwrap(), "a {");
    }

    #[test]
    fn no_bytes_panic() {
        let mut random = 1_u64;
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..40)
                .map(|_| {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (random >> 56) as u8
                })
                .collect();
            let _ = decode(&bytes);
            let _ = text("{=str} {=u64} {=i8} {=char}", &bytes);
        }
    }
}
