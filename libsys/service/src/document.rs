//! What an interface looks like on the wire, for people: `cargo xtask api` prints it.

use crate::{Argument, ArgumentShape, Dispatch, Method, MethodShape};
use core::fmt::Write as _;
use postcard_schema::schema::{DataModelType, DataModelVariant, NamedType, NamedValue};
use std::collections::BTreeMap;

/// Types with fields or variants, by name, and what is in them.
type Types = BTreeMap<&'static str, String>;

/// The wire form of all methods of an interface. The first line is its name, version and hash.
#[must_use]
pub fn document<D: Dispatch + ?Sized>() -> String {
    let interface = D::INTERFACE;
    let mut types = Types::new();
    let (name, version) = (interface.name, interface.version);
    let mut text = format!("interface {name} version {version} hash {:#018x}\n", interface.hash);
    let kind = if interface.session { "of sessions; m" } else { "m" };
    line(&mut text, 1, &format!("{kind}essages up to {} bytes", interface.max_message));
    for ((number, method), shape) in interface.methods.iter().enumerate().zip(D::SHAPES) {
        text.push('\n');
        describe(&mut text, number, method, shape, &mut types);
    }
    if !types.is_empty() {
        text.push_str("\n  types\n");
    }
    for (name, form) in types {
        line(&mut text, 2, &format!("{name} = {form}"));
    }
    text
}

fn line(text: &mut String, depth: usize, content: &str) {
    // A String takes everything.
    let _ = writeln!(text, "{:1$}{content}", "", depth * 2);
}

fn describe(
    text: &mut String,
    number: usize,
    method: &Method,
    shape: &MethodShape,
    types: &mut Types,
) {
    let marks = if shape.marks.is_empty() {
        String::new()
    } else {
        format!("  [{}]", shape.marks.join(", "))
    };
    line(text, 1, &format!("{number} {}{marks}", method.name));
    for docs in shape.docs {
        line(text, 2, docs);
    }
    for (argument, shape) in method.arguments.iter().zip(shape.arguments) {
        line(text, 2, &format!("{}: {}", argument.name, argument_form(argument, shape, types)));
    }
    line(text, 2, &format!("Ok: {} ({})", form(shape.good, types), method.result));
    line(text, 2, &format!("Err: {}", form(shape.error, types)));
}

fn argument_form(argument: &Argument, shape: &ArgumentShape, types: &mut Types) -> String {
    match shape {
        ArgumentShape::Value(kind) => format!("{} ({})", form(kind, types), argument.type_name),
        ArgumentShape::Lent => {
            format!("0 list(byte) | 1 varint(u64) and a handle ({})", argument.type_name)
        }
        ArgumentShape::Filled => {
            let kind = argument.type_name;
            format!("0 varint(u64) | 1 varint(u64) and a handle ({kind})")
        }
        ArgumentShape::Handles(1) => argument.type_name.to_owned(),
        ArgumentShape::Handles(count) => format!("{count} handles"),
    }
}

/// The encoding of a type; what has a name of its own goes among the types.
fn form(kind: &'static NamedType, types: &mut Types) -> String {
    use DataModelType as T;
    match kind.ty {
        T::Bool => "bool".to_owned(),
        T::U8 | T::I8 => format!("byte({})", kind.name),
        T::U16 | T::U32 | T::U64 | T::U128 | T::Usize => format!("varint({})", kind.name),
        T::I16 | T::I32 | T::I64 | T::I128 | T::Isize => format!("zigzag varint({})", kind.name),
        T::F32 | T::F64 => format!("little-endian({})", kind.name),
        T::Char | T::String => "string".to_owned(),
        T::ByteArray => "bytes".to_owned(),
        T::Unit | T::UnitStruct => "nothing".to_owned(),
        T::Option(inner) => format!("option({})", form(inner, types)),
        T::Seq(inner) => format!("list({})", form(inner, types)),
        T::Map { key, val } => format!("map({} to {})", form(key, types), form(val, types)),
        T::Tuple(parts) => tuple(parts, types),
        T::Schema => "schema".to_owned(),
        T::NewtypeStruct(_) | T::TupleStruct(_) | T::Struct(_) | T::Enum(_) => {
            if !types.contains_key(kind.name) {
                // Entered first: what it contains may name it again.
                types.insert(kind.name, String::new());
                let inside = inside(kind.ty, types);
                types.insert(kind.name, inside);
            }
            kind.name.to_owned()
        }
    }
}

fn tuple(parts: &[&'static NamedType], types: &mut Types) -> String {
    match parts {
        [first, rest @ ..] if rest.len() > 3 && rest.iter().all(|part| part == first) => {
            format!("{} times {}", parts.len(), form(first, types))
        }
        _ => {
            let parts: Vec<String> = parts.iter().map(|part| form(part, types)).collect();
            format!("({})", parts.join(", "))
        }
    }
}

fn fields(values: &[&'static NamedValue], types: &mut Types) -> String {
    let named = |value: &&&'static NamedValue, types: &mut Types| {
        format!("{}: {}", value.name, form(value.ty, types))
    };
    let values: Vec<String> = values.iter().map(|value| named(&value, types)).collect();
    format!("{{ {} }}", values.join(", "))
}

/// A type with a name.
fn inside(kind: &'static DataModelType, types: &mut Types) -> String {
    match kind {
        DataModelType::NewtypeStruct(inner) => form(inner, types),
        DataModelType::TupleStruct(parts) => tuple(parts, types),
        DataModelType::Struct(values) => fields(values, types),
        DataModelType::Enum([]) => "never".to_owned(),
        DataModelType::Enum(variants) => {
            let variants: Vec<String> = variants
                .iter()
                .enumerate()
                .map(|(number, variant)| {
                    let inside = match variant.ty {
                        DataModelVariant::UnitVariant => String::new(),
                        DataModelVariant::NewtypeVariant(inner) => {
                            format!("({})", form(inner, types))
                        }
                        DataModelVariant::TupleVariant(parts) => tuple(parts, types),
                        DataModelVariant::StructVariant(values) => {
                            format!(" {}", fields(values, types))
                        }
                    };
                    format!("{number} {}{inside}", variant.name)
                })
                .collect();
            variants.join(" | ")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::document;
    use crate::Never;
    use sys::Memory;

    #[crate::data]
    pub(crate) enum Fruit {
        Apple,
        Pear { ripe: bool, grams: u32 },
        Basket(Vec<Fruit2>),
    }

    #[crate::data]
    pub(crate) struct Fruit2(i64, [u8; 8]);

    #[crate::interface(version = 2, max_message = 128)]
    pub(crate) trait Shop {
        /// Buys.
        ///
        /// At once.
        #[idempotent]
        fn buy(&mut self, name: String, fruit: Option<Fruit>) -> Result<(u16, char), Fruit>;
        fn show(&mut self, #[handle] memory: Memory) -> Result<(), Never>;
    }

    #[test]
    fn the_wire_form_is_told() {
        let text = document::<dyn Shop>();
        let (first, rest) = text.split_once('\n').unwrap();
        assert!(first.starts_with("interface shop version 2 hash 0x"), "{first}");
        assert_eq!(
            rest,
            "  messages up to 128 bytes

  0 buy  [idempotent]
    Buys.

    At once.
    name: string (String)
    fruit: option(Fruit) (Option<Fruit>)
    Ok: (varint(u16), string) ((u16, char))
    Err: Fruit

  1 show
    memory: handle
    Ok: nothing (())
    Err: Never

  types
    Fruit = 0 Apple | 1 Pear { ripe: bool, grams: varint(u32) } | 2 Basket(list(Fruit2))
    Fruit2 = (zigzag varint(i64), 8 times byte(u8))
    Never = never
"
            .replace("\n\n    At", "\n    \n    At")
        );
    }
}
