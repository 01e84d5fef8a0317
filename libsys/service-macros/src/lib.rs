//! The attributes behind `service::interface` and `service::data`; documented there.
#![forbid(unsafe_code)]

mod client;
mod constant;
mod data;
mod marks;
mod model;
mod names;
mod passing;
mod schema;
mod server;
mod settings;

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, ItemTrait, parse_macro_input};

/// Makes a service of a trait. See the documentation of the crate `service`.
#[proc_macro_attribute]
pub fn interface(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let settings = parse_macro_input!(arguments as settings::Settings);
    let item = parse_macro_input!(item as ItemTrait);
    let interface = match model::Interface::read(settings, item) {
        Ok(interface) => interface,
        Err(error) => return error.to_compile_error().into(),
    };
    let server = server::code(&interface);
    let client = client::code(&interface);
    quote! { #server #client }.into()
}

/// Makes a type that messages carry. See the documentation of the crate `service`.
#[proc_macro_attribute]
pub fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let _none = parse_macro_input!(arguments as syn::parse::Nothing);
    let item = parse_macro_input!(item as DeriveInput);
    if let Err(error) = data::check(&item) {
        return error.to_compile_error().into();
    }
    quote! {
        #[derive(
            ::service::serde::Serialize,
            ::service::serde::Deserialize,
            ::service::Schema,
        )]
        #[serde(crate = "::service::serde")]
        #[postcard(crate = ::service::postcard_schema)]
        #item
    }
    .into()
}
