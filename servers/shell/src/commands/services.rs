//! `services`, `call`: services by what they tell about themselves.

use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use crate::types::Type;
use crate::value::{decode, encode};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use service::{Description, MethodDescription};

pub(crate) fn services(shell: &mut Shell, words: &[&str]) -> Outcome {
    let text = match words {
        [] => list(shell)?,
        [name] => methods(&service::describe(&shell.endpoint(name)?)?),
        _ => return Err(Trouble::Usage),
    };
    shell.print(&text);
    Ok(0)
}

fn list(shell: &Shell) -> Result<String, Trouble> {
    let mut table = Table::new(&["SERVICE", "MAY CALL", "METHODS"]);
    for service in shell.names()?.list()? {
        let methods = if service.allowed { method_names(shell, &service.name) } else { "-".into() };
        let allowed = if service.allowed { "yes" } else { "no" };
        table.row([service.name, allowed.into(), methods]);
    }
    Ok(table.render())
}

/// A service that is away does not keep the others from being listed.
fn method_names(shell: &Shell, service: &str) -> String {
    let described = shell
        .endpoint(service)
        .and_then(|endpoint| service::describe(&endpoint).map_err(Trouble::from));
    match described {
        Ok(told) => {
            told.methods.iter().map(|method| method.name.as_str()).collect::<Vec<_>>().join(" ")
        }
        Err(Trouble::Failed(why) | Trouble::Named(why)) => why,
        Err(_) => String::new(),
    }
}

fn methods(told: &Description) -> String {
    let mut table = Table::new(&["METHOD", "RESULT", "WHAT IT DOES"]);
    for method in &told.methods {
        table.row([signature(method), method.result.clone(), method.help.clone()]);
    }
    format!("{} version {}\n", told.name, told.version) + &table.render()
}

fn signature(method: &MethodDescription) -> String {
    let arguments: Vec<String> = method
        .arguments
        .iter()
        .map(|argument| format!("{}: {}", argument.name, argument.type_name))
        .collect();
    format!("{}({})", method.name, arguments.join(", "))
}

pub(crate) fn call(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [name, method, arguments @ ..] = words else { return Err(Trouble::Usage) };
    let endpoint = shell.endpoint(name)?;
    let told = service::describe(&endpoint)?;
    let (label, method) = told.method(method).ok_or_else(|| {
        Trouble::new(format!("`{name}` has no method `{method}`: `services {name}` lists them"))
    })?;
    let encoded = encode_arguments(method, arguments)?;
    let answer = service::call_encoded(&endpoint, label, &encoded)?;
    let text = result_text(method, &answer)?;
    shell.print(&(text + "\n"));
    Ok(0)
}

fn encode_arguments(method: &MethodDescription, words: &[&str]) -> Result<Vec<u8>, Trouble> {
    if words.len() != method.arguments.len() {
        return Err(Trouble::new(format!("usage: {}", signature(method))));
    }
    let mut encoded = Vec::new();
    for (argument, word) in method.arguments.iter().zip(words) {
        let kind = Type::parse(&argument.type_name)
            .ok_or_else(|| Trouble::new(format!("cannot write a {} here", argument.type_name)))?;
        encode(&kind, word, &mut encoded)
            .map_err(|why| Trouble::new(format!("{}: {why}", argument.name)))?;
    }
    Ok(encoded)
}

/// The text of an encoded `Result<T, E>`.
fn result_text(method: &MethodDescription, answer: &[u8]) -> Result<String, Trouble> {
    match answer.split_first() {
        Some((0, mut value)) => Ok(match Type::parse(&method.result) {
            Some(kind) => decode(&kind, &mut value)
                .ok_or_else(|| Trouble::new(format!("the answer is no {}", method.result)))?,
            None => format!("a {}, which only programs can read", method.result),
        }),
        Some((1, error)) => Err(Trouble::new(error_text(&method.error, error))),
        _ => Err(Trouble::new("the answer is no result")),
    }
}

fn error_text(type_name: &str, bytes: &[u8]) -> String {
    let kind = bytes.first().map_or_else(String::new, |number| number.to_string());
    format!("refused with {type_name} number {kind}")
}
