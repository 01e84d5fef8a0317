//! The client's type.

use crate::model::{Argument, Interface, Method};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{GenericArgument, Ident, PathArguments, Type};

pub(crate) fn code(interface: &Interface) -> TokenStream {
    let Interface { visibility, ident, name, .. } = interface;
    let client = format_ident!("{ident}Client");
    let docs = format!("A client of the service `{name}`.");
    let methods = interface.methods.iter().enumerate().map(|(number, m)| method(ident, number, m));
    quote! {
        #[doc = #docs]
        #[derive(Debug)]
        #visibility struct #client<C = ::service::Client>(C);

        impl #client {
            /// The interface that it speaks.
            pub const INTERFACE: &'static ::service::Interface =
                <dyn #ident as ::service::Dispatch>::INTERFACE;

            /// Connects through the name server, and checks that both sides have the same
            /// interface.
            ///
            /// # Errors
            /// When the name server refuses, or the interfaces differ.
            pub fn connect(
                names: &::service::sys::Endpoint,
            ) -> ::core::result::Result<Self, ::service::CallError<::service::Never>> {
                Self::connect_as(names, Self::INTERFACE.name)
            }

            /// The same under another name, for services that share an interface.
            ///
            /// # Errors
            /// As for `connect`.
            pub fn connect_as(
                names: &::service::sys::Endpoint,
                name: &str,
            ) -> ::core::result::Result<Self, ::service::CallError<::service::Never>> {
                ::service::Client::connect(names, name, Self::INTERFACE).map(Self)
            }

            /// Uses an endpoint. Another interface behind it is noticed at the first call.
            #[must_use]
            pub fn from_endpoint(endpoint: ::service::sys::Endpoint) -> Self {
                Self(::service::Client::new(endpoint, Self::INTERFACE.max_message))
            }

            /// Every call from now on ends after so many nanoseconds, with all its attempts.
            #[must_use]
            pub fn with_timeout(self, ns: u64) -> Self {
                Self(self.0.with_timeout(ns))
            }

        }

        impl<C: ::service::Connection> #client<C> {
            /// The same for calls that end after so many nanoseconds.
            #[must_use]
            pub fn within(&self, ns: u64) -> #client<::service::Within<'_>> {
                #client(::service::Within::new(&self.0, ns))
            }

            /// The endpoint.
            #[must_use]
            pub fn endpoint(&self) -> &::service::sys::Endpoint {
                ::service::Connection::client(&self.0).endpoint()
            }

            #(#methods)*
        }
    }
}

fn method(interface: &Ident, number: usize, method: &Method) -> TokenStream {
    let Method { ident, good, error, .. } = method;
    let docs = method.marks.docs();
    let parameters = method.arguments.iter().map(parameter);
    let values = method.values().map(value);
    let number = Literal::usize_unsuffixed(number);
    let idempotent = method.marks.idempotent;
    let call = quote! {
        let attempt = ::service::Attempt {
            label: const {
                let interface = <dyn #interface as ::service::Dispatch>::INTERFACE;
                ::service::label(#number, interface.hash)
            },
            idempotent: #idempotent,
        };
        let arguments = (#(#values,)*);
    };
    let body = if method.handles().count() == 0 && !method.marks.returns_handle {
        quote! { #call ::service::Connection::call(&self.0, attempt, &arguments) }
    } else {
        with_handles(method, &call)
    };
    quote! {
        #(#docs)*
        ///
        /// # Errors
        /// The service's own, or the call did not come through.
        pub fn #ident(
            &self,
            #(#parameters,)*
        ) -> ::core::result::Result<#good, ::service::CallError<#error>> {
            #body
        }
    }
}

/// A call that moves handles out, or gets one back.
fn with_handles(method: &Method, call: &TokenStream) -> TokenStream {
    let moved = method.handles().map(|argument| &argument.ident);
    let value_type = match method.handle_and_value() {
        None => &method.good,
        Some((_, Some(value))) => value,
        Some((_, None)) => &syn::parse_quote! { () },
    };
    let finish = match method.handle_and_value() {
        None => quote! { ::core::result::Result::Ok(value) },
        Some((handle, value)) => {
            let good = if value.is_some() {
                quote! { (handle, value) }
            } else {
                quote! { handle }
            };
            quote! {
                let () = { let _ = &value; };
                let handle: #handle = handle.ok_or(::service::CallError::Malformed)?.into();
                ::core::result::Result::Ok(#good)
            }
        }
    };
    quote! {
        #call
        let mut gifts = ::service::sys::Gifts::none();
        let pushed: ::core::result::Result<(), ::service::sys::Error> =
            ::core::result::Result::Ok(());
        #(let pushed = pushed.and_then(|()| gifts.push(#moved));)*
        let (value, handle): (#value_type, ::core::option::Option<::service::sys::OwnedHandle>) =
            ::service::Connection::call_with_handles(
                &self.0,
                attempt,
                &arguments,
                pushed.map(|()| gifts),
            )?;
        let _ = &handle;
        #finish
    }
}

/// The parameter: texts and lists by reference or by value, others by value.
fn parameter(argument: &Argument) -> TokenStream {
    let Argument { ident, kind, handle } = argument;
    match borrowed(kind).filter(|_| !handle) {
        Some(borrowed) => quote! { #ident: impl ::core::convert::AsRef<#borrowed> },
        None => quote! { #ident: #kind },
    }
}

/// The value that is encoded.
fn value(argument: &Argument) -> TokenStream {
    let ident = &argument.ident;
    match borrowed(&argument.kind) {
        Some(borrowed) => quote! { ::core::convert::AsRef::<#borrowed>::as_ref(&#ident) },
        None => quote! { &#ident },
    }
}

/// The unsized form of `String` and `Vec<T>`: the same on the wire.
fn borrowed(kind: &Type) -> Option<TokenStream> {
    let Type::Path(path) = kind else { return None };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::None if last.ident == "String" => Some(quote! { str }),
        PathArguments::AngleBracketed(list) if last.ident == "Vec" => {
            let Some(GenericArgument::Type(item)) = list.args.first() else { return None };
            Some(quote! { [#item] })
        }
        _ => None,
    }
}
