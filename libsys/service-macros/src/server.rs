//! The server's trait and its dispatch.

use crate::model::{Interface, Method};
use crate::schema;
use proc_macro2::TokenStream;
use quote::quote;

pub(crate) fn code(interface: &Interface) -> TokenStream {
    let Interface { attributes, visibility, ident, .. } = interface;
    let methods = interface.methods.iter().map(signature);
    let arms = interface.methods.iter().enumerate().map(|(number, method)| arm(number, method));
    let constant = constant(interface);
    quote! {
        #(#attributes)*
        #visibility trait #ident {
            #(#methods)*
        }

        impl<'object> ::service::Dispatch for dyn #ident + 'object {
            const INTERFACE: &'static ::service::Interface = &#constant;

            fn dispatch(
                &mut self,
                method: u16,
                call: &mut ::service::Call<'_>,
            ) -> ::core::result::Result<(), ::service::Refusal> {
                match method {
                    #(#arms)*
                    _ => ::core::result::Result::Err(::service::Refusal::NoSuchMethod),
                }
            }
        }
    }
}

/// The method as the server implements it.
fn signature(method: &Method) -> TokenStream {
    let Method { ident, output, .. } = method;
    let kept = &method.marks.kept;
    let arguments = method.arguments.iter().map(|argument| {
        let (name, kind) = (&argument.ident, &argument.kind);
        quote! { #name: #kind }
    });
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
        fn #ident(&mut self, caller: &::service::Caller, #(#arguments,)*) -> #output;
    }
}

/// One arm of the dispatch.
fn arm(number: usize, method: &Method) -> TokenStream {
    let Method { ident, .. } = method;
    // Method numbers are far below 2^16: the source would be megabytes.
    let number = proc_macro2::Literal::usize_unsuffixed(number);
    let also = method.marks.connector.then(|| quote! { | ::service::builtin::CONNECT });
    let value_types = method.values().map(|argument| &argument.kind);
    let value_names = method.values().map(|argument| &argument.ident);
    let takes = method.handles().enumerate().map(|(place, argument)| {
        let (name, kind) = (&argument.ident, &argument.kind);
        quote! { let #name = call.handle::<#kind>(#place)?; }
    });
    let all = method.arguments.iter().map(|argument| &argument.ident);
    let all: Vec<_> = all.collect();
    let run = if method.marks.deferred {
        quote! {
            let reply = call.later();
            self.#ident(&caller, #(#all,)* reply);
        }
    } else {
        let answer = match method.handle_and_value() {
            None => quote! { answer(&result) },
            Some((_, None)) => quote! { answer_handle(result) },
            Some((_, Some(_))) => quote! { answer_handle_and(result) },
        };
        quote! {
            let result = self.#ident(&caller, #(#all,)*);
            call.#answer;
        }
    };
    quote! {
        #number #also => {
            let caller = call.caller();
            let (#(#value_names,)*): (#(#value_types,)*) = call.arguments()?;
            #(#takes)*
            #run
            ::core::result::Result::Ok(())
        }
    }
}

/// The interface as a constant.
fn constant(interface: &Interface) -> TokenStream {
    let Interface { name, version, max_message, schema, .. } = interface;
    let methods = interface.methods.iter().map(|method| {
        let name = method.ident.to_string();
        let help = method.marks.help();
        let result = schema::result_type(method);
        let error = schema::type_name(&method.error);
        let arguments = method.arguments.iter().map(|argument| {
            let name = argument.ident.to_string();
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
    });
    quote! {
        ::service::Interface {
            name: #name,
            version: #version,
            hash: ::service::schema_hash(#schema),
            max_message: #max_message,
            methods: &[#(#methods),*],
        }
    }
}
