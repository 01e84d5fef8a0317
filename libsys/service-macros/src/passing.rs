//! How an argument travels: as a value, or as its mark says.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, GenericArgument, Ident, Meta, PathArguments, Result, Token, Type};

/// How an argument travels.
#[derive(Debug)]
pub(crate) enum Passing {
    /// Encoded, in the message.
    Value,
    /// As handles that go away from the client.
    Moved,
    /// As a copy of a handle, with these rights.
    Copied(Vec<Ident>),
    /// As bytes that are lent for reading.
    Lent,
    /// As bytes that are lent for writing.
    LentMut,
}

const MARKS: &str = "arguments have only the marks `handle`, `handle(copy, RIGHTS)` and `lend`";
const LENT: &str = "`#[lend]` goes with `&[u8]` and `&mut [u8]`";

impl Passing {
    pub(crate) fn read(attributes: &[Attribute], kind: &Type) -> Result<Self> {
        let [attribute] = attributes else {
            let [_, second, ..] = attributes else {
                refuse_borrowed(kind)?;
                return Ok(Self::Value);
            };
            return Err(Error::new_spanned(second, "an argument has one mark"));
        };
        if attribute.path().is_ident("lend") {
            attribute.meta.require_path_only()?;
            return lent(kind).ok_or_else(|| Error::new_spanned(kind, LENT));
        }
        if !attribute.path().is_ident("handle") {
            return Err(Error::new_spanned(attribute, MARKS));
        }
        refuse_borrowed(kind)?;
        Ok(match &attribute.meta {
            Meta::Path(_) => Self::Moved,
            _ => Self::Copied(attribute.parse_args::<Copied>()?.0),
        })
    }

    /// Whether it is lent.
    pub(crate) fn is_lent(&self) -> bool {
        matches!(self, Self::Lent | Self::LentMut)
    }

    /// Whether it travels as handles.
    pub(crate) fn as_handles(&self) -> bool {
        matches!(self, Self::Moved | Self::Copied(_))
    }

    /// Whether a second call could send it again.
    pub(crate) fn repeatable(&self) -> bool {
        !matches!(self, Self::Moved)
    }

    /// What `describe` and the schema call it instead of its type.
    pub(crate) fn type_name(&self) -> Option<String> {
        match self {
            Self::Value => None,
            Self::Moved => Some("handle".to_owned()),
            Self::Copied(rights) => {
                let names: Vec<String> = rights.iter().map(ToString::to_string).collect();
                Some(format!("handle({})", names.join(" | ")))
            }
            Self::Lent => Some("lent [u8]".to_owned()),
            Self::LentMut => Some("filled [u8]".to_owned()),
        }
    }
}

/// How bytes of this type are lent.
fn lent(kind: &Type) -> Option<Passing> {
    let Type::Reference(reference) = kind else { return None };
    let Type::Slice(slice) = &*reference.elem else { return None };
    let Type::Path(item) = &*slice.elem else { return None };
    let plain = item.path.is_ident("u8") && reference.lifetime.is_none();
    let passing = if reference.mutability.is_some() { Passing::LentMut } else { Passing::Lent };
    plain.then_some(passing)
}

/// What is borrowed cannot be received.
pub(crate) fn refuse_borrowed(kind: &Type) -> Result<()> {
    let text = match kind {
        Type::Reference(_) => {
            "a message carries owned values: `String` instead of `&str`, `Vec<T>` instead of \
             `&[T]` (the client's method takes them by reference all the same); bytes can be \
             lent, `#[lend] bytes: &[u8]`"
        }
        Type::ImplTrait(_) | Type::Infer(_) => "a message carries values of named types",
        _ => return Ok(()),
    };
    Err(Error::new_spanned(kind, text))
}

/// A standard type that a client's method takes by reference.
pub(crate) enum Standard<'a> {
    /// `String`.
    Text,
    /// `Vec<T>`.
    List(&'a Type),
}

/// Which of them a type is, by its name.
pub(crate) fn standard(kind: &Type) -> Option<Standard<'_>> {
    let Type::Path(path) = kind else { return None };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::None if last.ident == "String" => Some(Standard::Text),
        PathArguments::AngleBracketed(list) if last.ident == "Vec" => match list.args.first() {
            Some(GenericArgument::Type(item)) => Some(Standard::List(item)),
            _ => None,
        },
        _ => None,
    }
}

/// Its path in the crate `service`.
pub(crate) fn standard_type(kind: &Type) -> Option<TokenStream> {
    Some(match standard(kind)? {
        Standard::Text => quote! { String },
        Standard::List(item) => quote! { List<#item> },
    })
}

/// `READ | WRITE` as an expression.
pub(crate) fn rights(names: &[Ident]) -> TokenStream {
    quote! { ::service::sys::Rights::NONE #(| ::service::sys::Rights::#names)* }
}

/// `copy, READ | TRANSFER`
struct Copied(Vec<Ident>);

impl Parse for Copied {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let text = "a handle is moved, `#[handle]`, or copied with fewer rights, \
                    `#[handle(copy, READ | TRANSFER)]`";
        let copy: Ident = input.parse()?;
        if copy != "copy" || input.parse::<Token![,]>().is_err() {
            return Err(Error::new(copy.span(), text));
        }
        let names = Punctuated::<Ident, Token![|]>::parse_separated_nonempty(input)?;
        Ok(Self(names.into_iter().collect()))
    }
}
