//! How an argument travels: as a value, or as its mark says.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, Meta, Result, Token};

/// How an argument travels.
#[derive(Debug)]
pub(crate) enum Passing {
    /// Encoded, in the message.
    Value,
    /// As handles that go away from the client.
    Moved,
    /// As a copy of a handle, with these rights.
    Copied(Vec<Ident>),
}

impl Passing {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut passing = Self::Value;
        for attribute in attributes {
            if !attribute.path().is_ident("handle") {
                let text = "arguments have only the marks `handle` and `handle(copy, RIGHTS)`";
                return Err(Error::new_spanned(attribute, text));
            }
            if !matches!(passing, Self::Value) {
                return Err(Error::new_spanned(attribute, "marked twice"));
            }
            passing = match &attribute.meta {
                Meta::Path(_) => Self::Moved,
                _ => Self::Copied(attribute.parse_args::<Copied>()?.0),
            };
        }
        Ok(passing)
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
        }
    }
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
