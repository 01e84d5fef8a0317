//! Who may connect: everyone in a `clients` list is there, once.

use super::super::draft::{Draft, ServerDraft};
use super::super::problem::{Problems, hint};
use std::format;
use std::string::String;

/// All servers' lists.
pub(super) fn all(draft: &Draft, to: &Problems<'_>) {
    for it in &draft.servers {
        if !it.clients.is_empty() && !it.server.service {
            it.problem(to, it.at, "it has `clients` but no endpoint; add `service = true`");
        }
        for index in 0..it.clients.len() {
            one(draft, it, index, to);
        }
    }
}

fn one(draft: &Draft, it: &ServerDraft, index: usize, to: &Problems<'_>) {
    let (before, rest) = it.clients.split_at(index);
    let Some(client) = rest.first() else { return };
    let name = client.value.as_str();
    if name == it.server.name {
        it.problem(to, client.at, "it cannot be its own client; remove it");
    } else if !draft.sections().any(|(_, other, _)| other == name) {
        it.problem(to, client.at, &unknown(draft, name));
    } else if before.iter().any(|other| other.value == name) {
        it.problem(to, client.at, &format!("client `{name}` is listed twice; remove one"));
    }
}

fn unknown(draft: &Draft, name: &str) -> String {
    let others = draft.sections().map(|(_, other, _)| other);
    let hint = hint(name, others, &format!("add [server.{name}] or [program.{name}]"));
    format!("no server or program `{name}`{hint}")
}
