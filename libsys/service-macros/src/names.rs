//! Names in the generated code, which is compiled in the middle of the author's own.
//!
//! * Variables are the macro's own ([`Locals`]): an argument of the same name is another one. They
//!   also look like nothing that is written by hand, for a constant of the same name would be
//!   taken for a pattern.
//! * Everything else is named by its whole path, from `::core` or `::service` on, numbers too: an
//!   author may have types `u64`, `Result` or `str`.
//! * A type parameter gets a name that the interface does not use.

use crate::model::Method;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::format_ident;
use std::collections::HashSet;
use syn::ext::IdentExt as _;
use syn::{Error, Result};

/// The variables of the generated code.
pub(crate) struct Locals {
    pub(crate) attempt: Ident,
    pub(crate) call: Ident,
    pub(crate) caller: Ident,
    pub(crate) received: Ident,
    pub(crate) method: Ident,
    pub(crate) opening: Ident,
    pub(crate) reply: Ident,
    pub(crate) request: Ident,
    pub(crate) result: Ident,
    pub(crate) room: Ident,
    pub(crate) session: Ident,
    pub(crate) value: Ident,
}

impl Locals {
    pub(crate) fn new() -> Self {
        let local = |name: &str| Ident::new(&format!("__service_{name}"), Span::mixed_site());
        Self {
            attempt: local("attempt"),
            call: local("call"),
            caller: local("caller"),
            received: local("received"),
            method: local("method"),
            opening: local("opening"),
            reply: local("reply"),
            request: local("request"),
            result: local("result"),
            room: local("room"),
            session: local("session"),
            value: local("value"),
        }
    }
}

/// The variable of an argument.
pub(crate) fn numbered(at: usize) -> Ident {
    Ident::new(&format!("__service_argument_{at}"), Span::mixed_site())
}

/// A parameter of a method without a body: its name is only shown.
pub(crate) fn shown(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// This name, or one like it, that is not among the tokens.
pub(crate) fn fresh(name: &str, tokens: TokenStream) -> Ident {
    let mut used = HashSet::new();
    collect(tokens, &mut used);
    let mut fresh = format_ident!("{name}");
    while used.contains(&fresh.to_string()) {
        fresh = format_ident!("{fresh}_");
    }
    fresh
}

fn collect(tokens: TokenStream, used: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => drop(used.insert(ident.unraw().to_string())),
            TokenTree::Group(group) => collect(group.stream(), used),
            _ => {}
        }
    }
}

/// What every client has beside the methods.
const OF_CLIENTS: [&str; 4] = ["INTERFACE", "endpoint", "with_timeout", "within"];
/// What clients have that connect by themselves.
const OF_CONNECTED: [&str; 3] = ["connect", "connect_as", "from_endpoint"];
/// What the clients of sessions and their servers have.
const OF_SESSIONS: [&str; 2] = ["closed", "opened"];

/// Refuses what Rust would refuse in the generated code, at the place in the author's.
pub(crate) fn check(methods: &[Method], session: bool) -> Result<()> {
    let more: &[&str] = if session { &OF_SESSIONS } else { &OF_CONNECTED };
    let mut seen = HashSet::new();
    for method in methods {
        let name = method.ident.unraw().to_string();
        if OF_CLIENTS.contains(&name.as_str()) || more.contains(&name.as_str()) {
            let text = format!("clients have a `{name}` of their own: choose another name");
            return Err(Error::new(method.ident.span(), text));
        }
        if !seen.insert(name.clone()) {
            let text = format!("a method `{name}` is there already");
            return Err(Error::new(method.ident.span(), text));
        }
        check_arguments(method)?;
    }
    Ok(())
}

fn check_arguments(method: &Method) -> Result<()> {
    let mut seen = HashSet::new();
    for argument in &method.arguments {
        let name = argument.ident.unraw().to_string();
        if !seen.insert(name.clone()) {
            let text = format!("an argument `{name}` is there already");
            return Err(Error::new(argument.ident.span(), text));
        }
    }
    Ok(())
}
