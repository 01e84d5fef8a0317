//! The interface as constants: what goes over the wire, and its hash.

use crate::model::{Argument, Interface, Method};
use crate::passing::Passing;
use crate::schema;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Type;
use syn::ext::IdentExt as _;

/// `Dispatch::INTERFACE`
pub(crate) fn constant(interface: &Interface) -> TokenStream {
    let Interface { name, version, max_message, session, schema, .. } = interface;
    let methods = interface.methods.iter().map(described);
    let shapes = interface.methods.iter().flat_map(shape_numbers);
    quote! {
        ::service::Interface {
            name: #name,
            version: #version,
            hash: ::service::interface_hash(#schema, &[#(#shapes),*]),
            max_message: #max_message,
            session: #session,
            methods: &[#(#methods),*],
        }
    }
}

/// What `describe` tells of a method.
fn described(method: &Method) -> TokenStream {
    let name = method.ident.unraw().to_string();
    let help = method.marks.help();
    let result = schema::result_type(method);
    let error = schema::type_name(&method.error);
    let arguments = method.arguments.iter().map(|argument| {
        let name = argument.ident.unraw().to_string();
        let type_name = schema::argument_type(argument);
        quote! { ::service::Argument { name: #name, type_name: #type_name } }
    });
    quote! {
        ::service::Method {
            name: #name,
            help: #help,
            arguments: &[#(#arguments),*],
            result: #result,
            error: #error,
        }
    }
}

/// Numbers that change with what is inside of the types.
fn shape_numbers(method: &Method) -> Vec<TokenStream> {
    let arguments = method.arguments.iter().map(|argument| match handles(argument) {
        Some(count) => quote! { #count as ::core::primitive::u64 },
        // Its name says all.
        None if argument.passing.is_lent() => quote! { 0 },
        None => shape(&argument.kind),
    });
    arguments.chain([shape(&value_type(method)), shape(&method.error)]).collect()
}

fn shape(kind: &impl ToTokens) -> TokenStream {
    quote! { ::service::shape_hash::<#kind>() }
}

/// The number of handles of an argument, if it travels so.
fn handles(argument: &Argument) -> Option<TokenStream> {
    let kind = &argument.kind;
    let count = quote! { <#kind as ::service::sys::Handles>::COUNT };
    argument.passing.as_handles().then_some(count)
}

/// The value in a good answer.
fn value_type(method: &Method) -> Type {
    match method.handle_and_value() {
        None => method.good.clone(),
        Some((_, Some(value))) => value.clone(),
        Some((_, None)) => syn::parse_quote! { () },
    }
}

/// `Dispatch::SHAPES`
pub(crate) fn shapes(interface: &Interface) -> TokenStream {
    let methods = interface.methods.iter().map(|method| {
        let docs = method.marks.text();
        let marks = method.marks.names();
        let arguments = method.arguments.iter().map(|argument| match handles(argument) {
            Some(count) => quote! { ::service::ArgumentShape::Handles(#count) },
            None if matches!(argument.passing, Passing::LentMut) => {
                quote! { ::service::ArgumentShape::Filled }
            }
            None if argument.passing.is_lent() => quote! { ::service::ArgumentShape::Lent },
            None => {
                let kind = &argument.kind;
                quote! { ::service::ArgumentShape::Value(<#kind as ::service::Schema>::SCHEMA) }
            }
        });
        let (good, error) = (value_type(method), &method.error);
        quote! {
            ::service::MethodShape {
                docs: &[#(#docs),*],
                marks: &[#(#marks),*],
                arguments: &[#(#arguments),*],
                good: <#good as ::service::Schema>::SCHEMA,
                error: <#error as ::service::Schema>::SCHEMA,
            }
        }
    });
    quote! { &[#(#methods),*] }
}
