//! The server's trait and its dispatch.

use crate::constant::{constant, shapes};
use crate::model::{Argument, Interface, Method};
use crate::passing::Passing;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

pub(crate) fn code(interface: &Interface) -> TokenStream {
    let Interface { attributes, visibility, ident, max_lend, .. } = interface;
    let methods = interface.methods.iter().map(signature);
    let arms =
        interface.methods.iter().enumerate().map(|(number, method)| arm(number, *max_lend, method));
    let (constant, shapes) = (constant(interface), shapes(interface));
    let opens = interface.methods.iter().any(|method| method.marks.opens.is_some());
    let (closed, close) = closing(interface);
    quote! {
        #(#attributes)*
        #visibility trait #ident {
            #(#methods)*
            #closed
        }

        impl<'object> ::service::Dispatch for dyn #ident + 'object {
            const INTERFACE: &'static ::service::Interface = &#constant;
            const OPENS: bool = #opens;
            const SHAPES: &'static [::service::MethodShape] = #shapes;

            fn dispatch(
                &mut self,
                _: &::service::Interface,
                method: u16,
                call: &mut ::service::Call<'_>,
            ) -> ::core::result::Result<(), ::service::Refusal> {
                match method {
                    #(#arms)*
                    _ => ::core::result::Result::Err(::service::Refusal::NoSuchMethod),
                }
            }

            #close
        }
    }
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
    let Method { ident, output, .. } = method;
    let kept = &method.marks.kept;
    let arguments = method.arguments.iter().map(|argument| {
        let (name, kind) = (&argument.ident, received_type(argument));
        quote! { #name: #kind }
    });
    let session = method.marks.opens.iter().map(|_| quote! { session: ::service::Session, });
    if method.marks.deferred {
        return quote! {
            #(#kept)*
            fn #ident(
                &mut self,
                caller: &::service::Caller,
                #(#arguments,)*
                reply: ::service::Reply<#output>,
            );
        };
    }
    quote! {
        #(#kept)*
        fn #ident(
            &mut self,
            caller: &::service::Caller,
            #(#session)*
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
    if argument.passing.is_lent() {
        return quote! { ::service::Lending<::service::List<u8>> };
    }
    argument.kind.to_token_stream()
}

/// One arm of the dispatch.
fn arm(number: usize, most: u32, method: &Method) -> TokenStream {
    // Method numbers are far below 2^16: the source would be megabytes.
    let number = proc_macro2::Literal::usize_unsuffixed(number);
    let also = method.marks.connector.then(|| quote! { | ::service::builtin::CONNECT });
    let value_types = method.values().map(sent_type);
    let value_names = method.values().map(|argument| &argument.ident);
    let takes = method.handles().map(|argument| {
        let (name, kind) = (&argument.ident, &argument.kind);
        quote! { let #name: #kind = call.handles()?; }
    });
    let counts = method.handles().map(|argument| {
        let kind = &argument.kind;
        quote! { + <#kind as ::service::sys::Handles>::COUNT }
    });
    let lends = method.lends().map(|argument| {
        let name = &argument.ident;
        match argument.passing {
            Passing::LentMut => {
                quote! { let mut #name = call.borrow_mut(#name, #most as usize)?; }
            }
            _ => quote! { let #name = call.borrow(#name, #most as usize)?; },
        }
    });
    let lent = method.lends().count();
    let run = run(method);
    quote! {
        #number #also => {
            const { ::service::few_enough(#lent #(#counts)*) };
            let caller = call.caller();
            let (#(#value_names,)*): (#(#value_types,)*) = call.arguments()?;
            #(#takes)*
            #(#lends)*
            #run
            ::core::result::Result::Ok(())
        }
    }
}

/// How an argument is passed to the server's method.
fn passed(argument: &Argument) -> TokenStream {
    let name = &argument.ident;
    match argument.passing {
        Passing::Lent => quote! { #name.lent() },
        Passing::LentMut => quote! { #name.lent_mut() },
        _ => name.to_token_stream(),
    }
}

/// Calls the method and answers.
fn run(method: &Method) -> TokenStream {
    let ident = &method.ident;
    let all: Vec<TokenStream> = method.arguments.iter().map(passed).collect();
    if method.marks.deferred {
        return quote! {
            let reply = call.later();
            self.#ident(&caller, #(#all,)* reply);
        };
    }
    if let Some(session) = &method.marks.opens {
        return quote! {
            let opening = call.open(<dyn #session as ::service::Dispatch>::INTERFACE)?;
            let result = self.#ident(&caller, opening.session(), #(#all,)*);
            call.answer_opened(opening, &result);
        };
    }
    if method.gives_back() {
        let backs = method
            .lends()
            .filter(|argument| matches!(argument.passing, Passing::LentMut))
            .map(|argument| &argument.ident);
        return quote! {
            let result = self.#ident(&caller, #(#all,)*);
            call.answer_with_backs(&result, [#(#backs.into_back()),*]);
        };
    }
    let answer = match method.handle_and_value() {
        None => quote! { answer(&result) },
        Some((_, None)) => quote! { answer_handles(result) },
        Some((_, Some(_))) => quote! { answer_handles_and(result) },
    };
    quote! {
        let result = self.#ident(&caller, #(#all,)*);
        call.#answer;
    }
}
