//! The terminal: the leader of its session, and the server that tells it of programs.

use super::draft::{Draft, ServerDraft};
use super::problem::Problems;
use super::section::Placed;
use std::borrow::ToOwned;
use std::format;

/// The terminal and the leader of a manifest that names no leader.
const CONSOLE: &str = "console";
const SHELL: &str = "shell";

/// Adds what need not be written: the usual leader, and that the server that starts programs
/// is a client of the terminal, to tell it which of them are in the foreground.
pub(super) fn complete(servers: &mut [ServerDraft]) {
    let spawner = servers.iter().find(|it| it.server.spawn).map(|it| it.server.name.clone());
    let named = servers.iter().any(|it| it.server.leader.is_some());
    for it in servers.iter_mut() {
        let has = |name: &str| it.clients.iter().any(|client| client.value == name);
        if !named && it.server.name == CONSOLE && it.server.service && has(SHELL) {
            it.server.leader = Some(SHELL.to_owned());
        }
        if let Some(spawner) = spawner.as_ref().filter(|name| **name != it.server.name)
            && it.server.leader.is_some()
            && !it.clients.iter().any(|client| client.value == **spawner)
        {
            it.server.clients.push(spawner.clone());
            it.clients.push(Placed { value: spawner.clone(), at: it.leader_at.unwrap_or(it.at) });
        }
    }
}

/// There is one terminal at most, and its leader is a server that may connect to it.
pub(super) fn check(draft: &Draft, to: &Problems<'_>) {
    let mut terminals = draft.servers.iter().filter(|it| it.leader_at.is_some());
    let Some(it) = terminals.next() else { return };
    let at = it.leader_at.unwrap_or(it.at);
    let leader = it.server.leader.as_deref().unwrap_or_default();
    if !draft.servers.iter().any(|other| other.server.name == leader) {
        it.problem(to, at, &format!("`leader` is `{leader}`, which is no server; name one"));
    } else if !it.clients.iter().any(|client| client.value == leader) {
        let text = format!("`leader` is `{leader}`, which may not connect; add it to `clients`");
        it.problem(to, at, &text);
    }
    for other in terminals {
        let first = &it.server.name;
        let text =
            format!("`leader`: server `{first}` has one, and there is one terminal; remove it");
        other.problem(to, other.leader_at.unwrap_or(other.at), &text);
    }
}
