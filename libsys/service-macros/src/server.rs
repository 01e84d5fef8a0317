//! The server's trait and its dispatch.

use crate::constant::{constant, shapes};
use crate::model::{Argument, Interface, Method};
use crate::names::{Locals, shown};
use crate::passing::{Passing, standard_type};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned as _;

pub(crate) fn code(interface: &Interface) -> TokenStream {
    let Interface { attributes, visibility, ident, max_lend, .. } = interface;
    let methods = interface.methods.iter().map(signature);
    let arms = interface
        .methods
        .iter()
        .enumerate()
        .map(|(number, method)| arm(&interface.ident, number, *max_lend, method));
    let (constant, shapes) = (constant(interface), shapes(interface));
    let opens = interface.methods.iter().any(|method| method.marks.opens.is_some());
    let (closed, close) = closing(interface);
    let Locals { call, method, .. } = Locals::new();
    let standard = interface.methods.iter().flat_map(standard_types);
    quote! {
        #(#standard)*

        #(#attributes)*
        #visibility trait #ident {
            #(#methods)*
            #closed
        }

        impl<'object> ::service::Dispatch for dyn #ident + 'object {
            const INTERFACE: &'static ::service::Interface = &#constant;
            const OPENS: ::core::primitive::bool = #opens;
            const SHAPES: &'static [::service::MethodShape] = #shapes;

            fn dispatch(
                &mut self,
                _: &::service::Interface,
                #method: ::core::primitive::u16,
                #call: &mut ::service::Call<'_>,
            ) -> ::core::result::Result<(), ::service::Refusal> {
                match #method {
                    #(#arms)*
                    _ => ::core::result::Result::Err(::service::Refusal::NoSuchMethod),
                }
            }

            #close
        }
    }
}

/// Makes sure that types which go by the names of standard ones are those.
fn standard_types(method: &Method) -> Vec<TokenStream> {
    let (good, error) = (&method.good, &method.error);
    let of_arguments = method.values().filter_map(|argument| {
        let standard = standard_type(&argument.kind)?;
        Some((&argument.kind, quote! { ::service::#standard }))
    });
    let all =
        of_arguments.chain([(&method.output, quote! { ::core::result::Result<#good, #error> })]);
    all.map(|(kind, standard)| {
        quote_spanned! { kind.span() => const _: () = ::service::is::<#kind, #standard>(); }
    })
    .collect()
}

/// What a session's interface has besides: its end.
fn closing(interface: &Interface) -> (TokenStream, TokenStream) {
    if !interface.session {
        return (TokenStream::new(), TokenStream::new());
    }
    let closed = quote! {
        /// The client has closed the session, or is dead. No call in it comes any more.
        fn closed(&mut self, session: ::service::Session);
    };
    let ident = &interface.ident;
    let close = quote! {
        fn closed(&mut self, _: &::service::Interface, session: ::service::Session) {
            <Self as #ident>::closed(self, session);
        }
    };
    (closed, close)
}

/// The method as the server implements it.
fn signature(method: &Method) -> TokenStream {
    let Method { ident, good, error, .. } = method;
    let output = quote! { ::core::result::Result<#good, #error> };
    let [caller, session, reply] = ["caller", "session", "reply"].map(shown);
    let kept = &method.marks.kept;
    let arguments = method.arguments.iter().map(|argument| {
        let (name, kind) = (&argument.ident, received_type(argument));
        quote! { #name: #kind }
    });
    let opened = method.marks.opens.iter().map(|_| quote! { #session: ::service::Session, });
    if method.marks.deferred {
        return quote! {
            #(#kept)*
            fn #ident(
                &mut self,
                #caller: &::service::Caller,
                #(#arguments,)*
                #reply: ::service::Reply<#output>,
            );
        };
    }
    quote! {
        #(#kept)*
        fn #ident(
            &mut self,
            #caller: &::service::Caller,
            #(#opened)*
            #(#arguments,)*
        ) -> #output;
    }
}

/// What the server's method gets.
fn received_type(argument: &Argument) -> TokenStream {
    match argument.passing {
        Passing::Lent => quote! { ::service::Lent<'_> },
        Passing::LentMut => quote! { ::service::LentMut<'_> },
        _ => argument.kind.to_token_stream(),
    }
}

/// What is in the message.
fn sent_type(argument: &Argument) -> TokenStream {
    match argument.passing {
        Passing::Lent => quote! { ::service::Lending<::service::Bytes<'_>> },
        Passing::LentMut => quote! { ::service::Lending<::core::primitive::u64> },
        _ => argument.kind.to_token_stream(),
    }
}

/// One arm of the dispatch.
fn arm(interface: &Ident, number: usize, most: u32, method: &Method) -> TokenStream {
    let Locals { call, caller, .. } = Locals::new();
    // Method numbers are far below 2^16: the source would be megabytes.
    let number = proc_macro2::Literal::usize_unsuffixed(number);
    let also = method.marks.connector.then(|| quote! { | ::service::builtin::CONNECT });
    let value_types = method.values().map(sent_type);
    let value_names = method.values().map(|argument| &argument.local);
    let takes = method.handles().map(|argument| {
        let (name, kind) = (&argument.local, &argument.kind);
        quote! { let #name: #kind = #call.handles()?; }
    });
    let counts = method.handles().map(|argument| {
        let kind = &argument.kind;
        quote! { + <#kind as ::service::sys::Handles>::COUNT }
    });
    let lends = method.lends().map(|argument| {
        let name = &argument.local;
        match argument.passing {
            Passing::LentMut => {
                quote! { let mut #name = #call.borrow_mut(#name, #most as ::core::primitive::usize)?; }
            }
            _ => quote! { let #name = #call.borrow(#name, #most as ::core::primitive::usize)?; },
        }
    });
    let lent = method.lends().count();
    let run = run(interface, method);
    quote! {
        #number #also => {
            const { ::service::few_enough(#lent #(#counts)*) };
            let #caller = #call.caller();
            let (#(#value_names,)*): (#(#value_types,)*) = #call.arguments()?;
            #(#takes)*
            #(#lends)*
            #run
            ::core::result::Result::Ok(())
        }
    }
}

/// How an argument is passed to the server's method.
fn passed(argument: &Argument) -> TokenStream {
    let name = &argument.local;
    match argument.passing {
        Passing::Lent => quote! { #name.lent() },
        Passing::LentMut => quote! { #name.lent_mut() },
        _ => name.to_token_stream(),
    }
}

/// Calls the method and answers.
fn run(interface: &Ident, method: &Method) -> TokenStream {
    let Locals { call, caller, opening, reply, result, .. } = Locals::new();
    let ident = &method.ident;
    let method_of = quote! { <Self as #interface>::#ident };
    let all: Vec<TokenStream> = method.arguments.iter().map(passed).collect();
    if method.marks.deferred {
        return quote! {
            let #reply = #call.later();
            #method_of(self, &#caller, #(#all,)* #reply);
        };
    }
    if let Some(session) = &method.marks.opens {
        return quote! {
            let #opening = #call.open(<dyn #session as ::service::Dispatch>::INTERFACE)?;
            let #result = #method_of(self, &#caller, #opening.session(), #(#all,)*);
            #call.answer_opened(#opening, &#result);
        };
    }
    if let Some(filled) = method.filled() {
        let filled = &filled.local;
        return quote! {
            let #result = #method_of(self, &#caller, #(#all,)*);
            #call.answer_filled(&#result, #filled);
        };
    }
    let answer = match method.handle_and_value() {
        None => quote! { answer(&#result) },
        Some((_, None)) => quote! { answer_handles(#result) },
        Some((_, Some(_))) => quote! { answer_handles_and(#result) },
    };
    quote! {
        let #result = #method_of(self, &#caller, #(#all,)*);
        #call.#answer;
    }
}
