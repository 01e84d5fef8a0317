//! Text becomes the bytes of an argument, the bytes of a result become text.
//!
//! The wire form is postcard, as in all typed calls. What arrives is checked: it comes
//! from another program.

use crate::types::Type;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The bytes of an argument of this type. Lists are written `a,b,c`, `-` is no value.
///
/// # Errors
/// What the text should have been.
pub fn encode(kind: &Type, text: &str, into: &mut Vec<u8>) -> Result<(), String> {
    match kind {
        Type::Unit => Ok(()),
        Type::Bool => push(into, &parse::<bool>(text, "true or false")?),
        Type::Char => push(into, &parse::<char>(text, "one character")?),
        Type::Unsigned(bits) => unsigned(*bits, text, into),
        Type::Signed(bits) => signed(*bits, text, into),
        Type::Text => push(into, &text),
        Type::List(inner) => list(inner, text, into),
        Type::Maybe(_) if text == "-" => push(into, &0u8),
        Type::Maybe(inner) => {
            push(into, &1u8)?;
            encode(inner, text, into)
        }
        Type::Tuple(parts) => tuple(parts, text, into),
    }
}

fn list(inner: &Type, text: &str, into: &mut Vec<u8>) -> Result<(), String> {
    let items: Vec<&str> = if text.is_empty() { Vec::new() } else { text.split(',').collect() };
    push(into, &items.len())?;
    items.into_iter().try_for_each(|item| encode(inner, item, into))
}

fn tuple(parts: &[Type], text: &str, into: &mut Vec<u8>) -> Result<(), String> {
    let items: Vec<&str> = text.split(',').collect();
    if items.len() != parts.len() {
        return Err(format!("`{text}`: {} values with commas between", parts.len()));
    }
    parts.iter().zip(items).try_for_each(|(part, item)| encode(part, item, into))
}

fn unsigned(bits: u32, text: &str, into: &mut Vec<u8>) -> Result<(), String> {
    let most = u64::MAX >> (64 - bits);
    let expected = format!("a number from 0 to {most}");
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse::<u64>().ok(),
    };
    let number = number.filter(|number| *number <= most).ok_or_else(|| wrong(text, &expected))?;
    match u8::try_from(number) {
        Ok(byte) if bits == 8 => push(into, &byte),
        _ => push(into, &number),
    }
}

fn signed(bits: u32, text: &str, into: &mut Vec<u8>) -> Result<(), String> {
    let most = i64::MAX >> (64 - bits);
    let expected = format!("a number from {} to {most}", -most - 1);
    let number = parse::<i64>(text, &expected)?;
    if number > most || number < -most - 1 {
        return Err(wrong(text, &expected));
    }
    match i8::try_from(number) {
        Ok(byte) if bits == 8 => push(into, &byte),
        _ => push(into, &number),
    }
}

fn parse<T: core::str::FromStr>(text: &str, expected: &str) -> Result<T, String> {
    text.parse().map_err(|_| wrong(text, expected))
}

fn wrong(text: &str, expected: &str) -> String {
    format!("`{text}` is not {expected}")
}

fn push<T: serde::Serialize + ?Sized>(into: &mut Vec<u8>, value: &T) -> Result<(), String> {
    let bytes = postcard::to_allocvec(value).map_err(|error| error.to_string())?;
    into.extend(bytes);
    Ok(())
}

/// Takes a value of this type from the front: its text, or `None` when the bytes are no such value.
pub fn decode(kind: &Type, bytes: &mut &[u8]) -> Option<String> {
    Some(match kind {
        Type::Unit => String::from("()"),
        Type::Bool => take::<bool>(bytes)?.to_string(),
        Type::Char => take::<char>(bytes)?.to_string(),
        Type::Unsigned(8) => take::<u8>(bytes)?.to_string(),
        Type::Signed(8) => take::<i8>(bytes)?.to_string(),
        Type::Unsigned(_) => take::<u64>(bytes)?.to_string(),
        Type::Signed(_) => take::<i64>(bytes)?.to_string(),
        Type::Text => take::<String>(bytes)?,
        Type::List(inner) => {
            let count = take::<usize>(bytes)?;
            sequence(core::iter::repeat_n(&**inner, count), bytes)
                .map(|text| format!("[{text}]"))?
        }
        Type::Maybe(inner) => match take::<u8>(bytes)? {
            0 => String::from("-"),
            1 => decode(inner, bytes)?,
            _ => return None,
        },
        Type::Tuple(parts) => sequence(parts.iter(), bytes).map(|text| format!("({text})"))?,
    })
}

fn sequence<'t>(kinds: impl Iterator<Item = &'t Type>, bytes: &mut &[u8]) -> Option<String> {
    let mut texts: Vec<String> = Vec::new();
    for kind in kinds {
        // A list of units can claim any length without a byte behind it.
        if *kind == Type::Unit && texts.len() > 64 * 1024 {
            return None;
        }
        texts.push(decode(kind, bytes)?);
    }
    Some(texts.join(", "))
}

fn take<T: serde::de::DeserializeOwned>(bytes: &mut &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    *bytes = rest;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::types::Type;

    fn bytes(kind: &str, text: &str) -> Result<Vec<u8>, String> {
        let mut into = Vec::new();
        encode(&Type::parse(kind).unwrap(), text, &mut into).map(|()| into)
    }

    fn text(kind: &str, mut bytes: &[u8]) -> Option<String> {
        let text = decode(&Type::parse(kind).unwrap(), &mut bytes)?;
        bytes.is_empty().then_some(text)
    }

    #[test]
    fn arguments_are_what_postcard_writes() {
        assert_eq!(bytes("u64", "300"), Ok(postcard::to_allocvec(&300u64).unwrap()));
        assert_eq!(bytes("u8", "0xff"), Ok(vec![255]));
        assert_eq!(bytes("i32", "-5"), Ok(postcard::to_allocvec(&-5i32).unwrap()));
        assert_eq!(bytes("i8", "-5"), Ok(postcard::to_allocvec(&-5i8).unwrap()));
        assert_eq!(bytes("String", "hello"), Ok(postcard::to_allocvec("hello").unwrap()));
        assert_eq!(
            bytes("Vec<String>", "a,b"),
            Ok(postcard::to_allocvec(&vec!["a", "b"]).unwrap())
        );
        assert_eq!(bytes("Option<u32>", "-"), Ok(postcard::to_allocvec(&None::<u32>).unwrap()));
        assert_eq!(bytes("(u8,bool)", "7,true"), Ok(postcard::to_allocvec(&(7u8, true)).unwrap()));
    }

    #[test]
    fn values_come_back() {
        for (kind, value) in [
            ("u8", "255"),
            ("u16", "65535"),
            ("u32", "4294967295"),
            ("u64", "18446744073709551615"),
            ("i8", "-128"),
            ("i16", "-32768"),
            ("i32", "-1"),
            ("i64", "-9223372036854775808"),
            ("bool", "true"),
            ("char", "€"),
            ("String", "two words"),
            ("Option<u8>", "-"),
        ] {
            assert_eq!(text(kind, &bytes(kind, value).unwrap()).as_deref(), Some(value), "{kind}");
        }
        assert_eq!(text("Vec<u32>", &bytes("Vec<u32>", "1,2").unwrap()).as_deref(), Some("[1, 2]"));
    }

    #[test]
    fn wrong_arguments_say_what_is_expected() {
        assert_eq!(bytes("u8", "256"), Err("`256` is not a number from 0 to 255".into()));
        assert_eq!(bytes("i8", "-129"), Err("`-129` is not a number from -128 to 127".into()));
        assert_eq!(bytes("bool", "yes"), Err("`yes` is not true or false".into()));
        assert!(bytes("(u8,u8)", "1").is_err());
    }

    #[test]
    fn bad_bytes_are_refused() {
        assert_eq!(text("String", &[5, b'a']), None);
        assert_eq!(text("String", &[1, 0xff]), None);
        assert_eq!(text("bool", &[2]), None);
        assert_eq!(text("Option<u8>", &[9, 1]), None);
        assert_eq!(text("Vec<u8>", &[0xff, 0xff, 0xff, 0xff, 0x0f]), None);
        assert_eq!(text("Vec<()>", &[0xff, 0xff, 0xff, 0xff, 0x0f]), None);
    }
}
