//! Types that messages carry.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Data, DeriveInput, Error, Field, Ident, Result};

/// Types of the language; the derived code names them without a path.
const PRIMITIVES: [&str; 17] = [
    "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16",
    "u32", "u64", "u8", "usize",
];

/// Refuses what would not compile in the derived code, at the place in the author's.
pub(crate) fn check(item: &DeriveInput) -> Result<()> {
    if PRIMITIVES.iter().any(|name| item.ident == name) {
        let text = format!("`{}` is a type of the language: choose another name", item.ident);
        return Err(Error::new(item.ident.span(), text));
    }
    refuse_recursion(item)
}

/// Refuses a type that contains itself: its schema, a constant, would have no end. (Through a
/// second type the compiler finds it, as a cycle of `SCHEMA` constants.)
fn refuse_recursion(item: &DeriveInput) -> Result<()> {
    for field in fields(&item.data) {
        if let Some(place) = place_of(&item.ident, field.ty.to_token_stream()) {
            let text = format!(
                "a message has an end, so `{0}` cannot contain `{0}`: send a list of the parts, \
                 which name each other by their places in it",
                item.ident
            );
            return Err(Error::new(place.span(), text));
        }
    }
    Ok(())
}

fn fields(data: &Data) -> Vec<&Field> {
    match data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data.variants.iter().flat_map(|variant| &variant.fields).collect(),
        Data::Union(data) => data.fields.named.iter().collect(),
    }
}

/// Where in a field's type this type stands. `other::Name` is another one.
fn place_of(name: &Ident, kind: TokenStream) -> Option<Ident> {
    let mut in_path = false;
    for token in kind {
        match &token {
            TokenTree::Ident(ident) if !in_path && (ident == name || ident == "Self") => {
                return Some(ident.clone());
            }
            TokenTree::Group(group) => {
                if let Some(place) = place_of(name, group.stream()) {
                    return Some(place);
                }
            }
            _ => {}
        }
        in_path = matches!(&token, TokenTree::Punct(colon) if colon.as_char() == ':');
    }
    None
}

#[cfg(test)]
mod tests {
    use super::check;

    fn refused(item: &str) -> Option<String> {
        let item = syn::parse_str(item).unwrap();
        check(&item).err().map(|error| error.to_string())
    }

    #[test]
    fn a_type_that_contains_itself_is_named() {
        for item in [
            "struct Node { children: Vec<Node> }",
            "struct Node(Option<(u8, [Box<Self>; 2])>);",
            "enum Node { Leaf, Two { left: Box<Node> } }",
        ] {
            assert!(refused(item).unwrap().contains("`Node` cannot contain `Node`"), "{item}");
        }
    }

    #[test]
    fn a_type_cannot_take_a_name_of_the_language() {
        assert!(refused("struct u64;").unwrap().contains("a type of the language"));
        assert_eq!(refused("struct U64 { r#u64: u64 }"), None);
    }

    #[test]
    fn a_type_of_the_same_name_elsewhere_is_another_one() {
        assert_eq!(refused("struct Node { other: api::Node, node: Vec<Nodes> }"), None);
        assert_eq!(refused("enum Node { Node(u8) }"), None);
    }
}
