//! Type names, as services describe themselves, become types.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// A longer name is not looked at: reading one is recursive.
const NAME_MAX: usize = 256;

/// A type that the shell can read and show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `()`.
    Unit,
    /// `bool`.
    Bool,
    /// `char`.
    Char,
    /// `u8` to `u64`, with the number of bits.
    Unsigned(u32),
    /// `i8` to `i64`, with the number of bits.
    Signed(u32),
    /// `String`.
    Text,
    /// `Vec<…>`.
    List(Box<Self>),
    /// `Option<…>`.
    Maybe(Box<Self>),
    /// `(…, …)`.
    Tuple(Vec<Self>),
}

impl Type {
    /// The type with this name; `None` when the shell does not know it.
    pub fn parse(name: &str) -> Option<Self> {
        if name.len() > NAME_MAX {
            return None;
        }
        let compact: alloc::string::String =
            name.chars().filter(|character| !character.is_whitespace()).collect();
        let (found, rest) = one(&compact)?;
        rest.is_empty().then_some(found)
    }
}

fn one(text: &str) -> Option<(Type, &str)> {
    if let Some(inner) = text.strip_prefix('(') {
        return tuple(inner);
    }
    let end = text.find(['<', '>', ',', ')']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    // `alloc::string::String` is a String.
    let name = name.rsplit("::").next().unwrap_or(name);
    if let Some(inner) = rest.strip_prefix('<') {
        let (inner, rest) = one(inner)?;
        return Some((generic(name, inner)?, rest.strip_prefix('>')?));
    }
    Some((plain(name)?, rest))
}

fn tuple(mut text: &str) -> Option<(Type, &str)> {
    let mut parts = Vec::new();
    loop {
        if let Some(rest) = text.strip_prefix(')') {
            let whole = if parts.is_empty() { Type::Unit } else { Type::Tuple(parts) };
            return Some((whole, rest));
        }
        let (part, rest) = one(text)?;
        parts.push(part);
        text = rest.strip_prefix(',').unwrap_or(rest);
    }
}

fn generic(name: &str, inner: Type) -> Option<Type> {
    match name {
        "Vec" => Some(Type::List(Box::new(inner))),
        "Option" => Some(Type::Maybe(Box::new(inner))),
        _ => None,
    }
}

fn plain(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "char" => Type::Char,
        "u8" => Type::Unsigned(8),
        "u16" => Type::Unsigned(16),
        "u32" => Type::Unsigned(32),
        "u64" | "usize" => Type::Unsigned(64),
        "i8" => Type::Signed(8),
        "i16" => Type::Signed(16),
        "i32" => Type::Signed(32),
        "i64" | "isize" => Type::Signed(64),
        "String" | "&str" | "str" => Type::Text,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Type;

    #[test]
    fn names_are_understood() {
        assert_eq!(Type::parse("()"), Some(Type::Unit));
        assert_eq!(Type::parse("alloc :: string :: String"), Some(Type::Text));
        assert_eq!(
            Type::parse("Vec<(u8, Option<String>)>"),
            Some(Type::List(Box::new(Type::Tuple(vec![
                Type::Unsigned(8),
                Type::Maybe(Box::new(Type::Text))
            ]))))
        );
    }

    #[test]
    fn unknown_and_broken_names_are_none() {
        for name in ["", "Foo", "Vec<Foo>", "Vec<u8", "u8>", "(u8", "Map<u8,u8>", "Vec<>"] {
            assert_eq!(Type::parse(name), None, "{name}");
        }
    }
}
