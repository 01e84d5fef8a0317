//! The attribute behind `service::interface`; documented there.
#![forbid(unsafe_code)]

mod client;
mod marks;
mod model;
mod passing;
mod schema;
mod server;
mod settings;

use proc_macro::TokenStream;
use quote::quote;
use syn::{ItemTrait, parse_macro_input};

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
