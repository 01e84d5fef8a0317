//! The schema as text, from which the hash is made, and the names of types.

use crate::model::{Argument, Method};
use quote::ToTokens;
use syn::ext::IdentExt as _;

/// `console@1; write(text: String) -> u32 ! ConsoleError; …`
pub(crate) fn text(name: &str, version: u32, methods: &[Method]) -> String {
    let mut text = format!("{name}@{version}");
    for method in methods {
        let arguments: Vec<String> = method
            .arguments
            .iter()
            .map(|argument| format!("{}: {}", argument.ident.unraw(), argument_type(argument)))
            .collect();
        text += &format!(
            "; {}({}) -> {} ! {}",
            method.ident.unraw(),
            arguments.join(", "),
            result_type(method),
            type_name(&method.error)
        );
    }
    text
}

/// What `describe` calls the argument's type.
pub(crate) fn argument_type(argument: &Argument) -> String {
    argument.passing.type_name().unwrap_or_else(|| type_name(&argument.kind))
}

/// What `describe` calls the type of a good result.
pub(crate) fn result_type(method: &Method) -> String {
    if let Some(session) = &method.marks.opens {
        return format!("({} session, {})", type_name(session), type_name(&method.good));
    }
    match method.handle_and_value() {
        None => type_name(&method.good),
        Some((_, None)) => "handle".to_owned(),
        Some((_, Some(value))) => format!("(handle, {})", type_name(value)),
    }
}

/// A type as its author wrote it, but without spaces that depend on the compiler.
pub(crate) fn type_name(kind: &impl ToTokens) -> String {
    let text: String = kind.to_token_stream().to_string().split_whitespace().collect();
    text.replace(',', ", ").replace(';', "; ")
}
