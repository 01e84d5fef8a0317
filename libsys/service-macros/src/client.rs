//! The client's type.

use crate::model::{Argument, Interface, Method};
use crate::names::Locals;
use crate::passing::{Passing, Standard, rights, standard};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{Path, Type};

pub(crate) fn code(interface: &Interface) -> TokenStream {
    let Interface { visibility, ident, name, connection, .. } = interface;
    let client = format_ident!("{ident}Client");
    let docs = format!("A client of the service `{name}`.");
    let methods =
        interface.methods.iter().enumerate().map(|(number, m)| method(interface, number, m));
    let ways_in = if interface.session { session_ways_in() } else { ways_in() };
    quote! {
        #[doc = #docs]
        #[derive(::core::fmt::Debug)]
        #visibility struct #client<#connection = ::service::Client>(#connection);

        impl #client {
            /// The interface that it speaks.
            pub const INTERFACE: &'static ::service::Interface =
                <dyn #ident as ::service::Dispatch>::INTERFACE;

            #ways_in

            /// The same for another thread.
            #[must_use]
            pub fn twin(&self) -> Self {
                Self(self.0.twin())
            }

            /// Every call from now on ends after `ns` nanoseconds, with all its attempts.
            #[must_use]
            pub fn with_timeout(self, ns: ::core::primitive::u64) -> Self {
                Self(self.0.with_timeout(ns))
            }
        }

        impl<#connection: ::service::Connection> #client<#connection> {
            /// The same for calls that end after `ns` nanoseconds.
            #[must_use]
            pub fn within(&self, ns: ::core::primitive::u64) -> #client<::service::Within<'_>> {
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

/// How one comes to a client.
fn ways_in() -> TokenStream {
    quote! {
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
            name: &::core::primitive::str,
        ) -> ::core::result::Result<Self, ::service::CallError<::service::Never>> {
            ::service::Client::connect(names, name, Self::INTERFACE).map(Self)
        }

        /// Uses an endpoint. Another interface behind it is noticed at the first call.
        #[must_use]
        pub fn from_endpoint(endpoint: ::service::sys::Endpoint) -> Self {
            Self(::service::Client::new(endpoint, Self::INTERFACE.max_message))
        }
    }
}

/// The only way to a client of a session: a method that opens one.
fn session_ways_in() -> TokenStream {
    quote! {
        #[doc(hidden)]
        pub fn opened<E>(
            received: &mut ::service::ReceivedHandles,
        ) -> ::core::result::Result<Self, ::service::CallError<E>> {
            let (endpoint, held) = (received.take()?, received.take()?);
            let max_message = Self::INTERFACE.max_message;
            ::core::result::Result::Ok(Self(::service::Client::in_session(
                endpoint,
                max_message,
                held,
            )))
        }
    }
}

fn method(interface: &Interface, number: usize, method: &Method) -> TokenStream {
    let Method { ident, error, .. } = method;
    let Locals { attempt, received, request, room, value, .. } = Locals::new();
    let docs = method.marks.docs();
    let parameters = method.arguments.iter().map(parameter);
    let values = method.values().map(encoded);
    let number = Literal::usize_unsuffixed(number);
    let idempotent = method.marks.idempotent;
    let gives = method.handles().map(give);
    let (good, value_type, finish) = outcome(method);
    let call = if method.lends().count() == 0 {
        quote! { #request.call(&(#(#values,)*)) }
    } else {
        let call = if method.gives_back() {
            quote! { #request.call_filling(&(#(#values,)*), #room) }
        } else {
            quote! { #request.call(&(#(#values,)*)) }
        };
        lends(interface, method, call)
    };
    let interface = &interface.ident;
    quote! {
        #(#docs)*
        ///
        /// # Errors
        /// The service's own, or the call did not come through.
        pub fn #ident(
            &self,
            #(#parameters,)*
        ) -> ::core::result::Result<#good, ::service::CallError<#error>> {
            let #attempt = ::service::Attempt {
                label: const {
                    ::service::label(
                        #number,
                        <dyn #interface as ::service::Dispatch>::INTERFACE.hash,
                    )
                },
                idempotent: #idempotent,
            };
            let mut #request = ::service::Request::new(&self.0, #attempt);
            #(#gives)*
            let (#value, mut #received): (#value_type, ::service::ReceivedHandles) = #call?;
            let _ = &mut #received;
            #finish
        }
    }
}

/// The call inside of the loans that it needs, the first one outermost.
fn lends(interface: &Interface, method: &Method, call: TokenStream) -> TokenStream {
    let Locals { request, room, .. } = Locals::new();
    let share = 2 * method.lends().count();
    let (inline, most) = (interface.max_message as usize / share, interface.max_lend as usize);
    method.lends().rev().fold(call, |call, argument| {
        let (ident, local) = (&argument.ident, &argument.local);
        let (lend, filled) = match argument.passing {
            Passing::LentMut => (quote! { lend_mut }, quote! { , #room }),
            _ => (quote! { lend }, quote! {}),
        };
        quote! {
            ::service::#lend(
                #ident,
                ::service::LendLimits { inline: #inline, most: #most },
                #request,
                |#request, #local #filled| #call,
            )
        }
    })
}

/// The good result of the client's method, the value in the answer, and how one is made of
/// the other and of the handles that came.
fn outcome(method: &Method) -> (TokenStream, TokenStream, TokenStream) {
    let good = &method.good;
    let Locals { received, session: opened, value, .. } = Locals::new();
    let unit = is_unit(good);
    if let Some(session) = &method.marks.opens {
        let client = client_of(session);
        let (whole, made) = if unit {
            (quote! { #client }, quote! { { let () = #value; #opened } })
        } else {
            (quote! { (#client, #good) }, quote! { (#opened, #value) })
        };
        let finish = quote! {
            let #opened = <#client>::opened(&mut #received)?;
            ::core::result::Result::Ok(#made)
        };
        return (whole, quote! { #good }, finish);
    }
    match method.handle_and_value() {
        None => (quote! { #good }, quote! { #good }, quote! { ::core::result::Result::Ok(#value) }),
        Some((_, Some(kind))) => {
            let finish = quote! { ::core::result::Result::Ok((#received.take()?, #value)) };
            (quote! { #good }, quote! { #kind }, finish)
        }
        Some((_, None)) => {
            let finish = quote! {
                let () = #value;
                #received.take()
            };
            (quote! { #good }, quote! { () }, finish)
        }
    }
}

fn is_unit(kind: &Type) -> bool {
    matches!(kind, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// `files_api::File` → `files_api::FileClient`
fn client_of(interface: &Path) -> Path {
    let mut client = interface.clone();
    if let Some(last) = client.segments.last_mut() {
        last.ident = format_ident!("{}Client", last.ident, span = last.ident.span());
    }
    client
}

/// The parameter: texts and lists by reference or by value, others by value.
fn parameter(argument: &Argument) -> TokenStream {
    let Argument { ident, kind, passing, .. } = argument;
    match (passing, borrowed(kind)) {
        (Passing::Copied(_), _) => quote! { #ident: &#kind },
        (Passing::Lent, _) => {
            quote! { #ident: &(impl ::service::LendBytes + ?::core::marker::Sized) }
        }
        (Passing::LentMut, _) => {
            quote! { #ident: &mut (impl ::service::LendBytesMut + ?::core::marker::Sized) }
        }
        (Passing::Value, Some(borrowed)) => {
            quote! { #ident: impl ::core::convert::AsRef<#borrowed> }
        }
        _ => quote! { #ident: #kind },
    }
}

/// How the handles of an argument go into the message.
fn give(argument: &Argument) -> TokenStream {
    let ident = &argument.ident;
    let Locals { request, .. } = Locals::new();
    match &argument.passing {
        Passing::Copied(names) => {
            let rights = rights(names);
            quote! { #request.give_copy(#ident, #rights); }
        }
        _ => quote! { #request.give(#ident); },
    }
}

/// The value that is encoded.
fn encoded(argument: &Argument) -> TokenStream {
    if argument.passing.is_lent() {
        let local = &argument.local;
        return quote! { &#local };
    }
    let ident = &argument.ident;
    match borrowed(&argument.kind) {
        Some(borrowed) => quote! { ::core::convert::AsRef::<#borrowed>::as_ref(&#ident) },
        None => quote! { &#ident },
    }
}

/// The unsized form of `String` and `Vec<T>`: the same on the wire.
fn borrowed(kind: &Type) -> Option<TokenStream> {
    match standard(kind)? {
        Standard::Text => Some(quote! { ::core::primitive::str }),
        Standard::List(item) => Some(quote! { [#item] }),
    }
}
