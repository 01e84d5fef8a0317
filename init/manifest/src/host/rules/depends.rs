//! Dependencies of servers: each exists, is listed once, and there is an order of starts.

use super::super::draft::{Draft, ServerDraft};
use super::super::problem::{Problems, hint};
use crate::OnRestart;
use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::vec::Vec;

/// Checks the `depends` lists of all servers.
pub(super) fn all(draft: &Draft, to: &Problems<'_>) {
    for it in &draft.servers {
        if it.depends.is_empty() && it.server.on_restart != OnRestart::Nothing {
            it.problem(to, it.at, "it has `on_restart` but has no dependency; add `depends`");
        }
        for index in 0..it.depends.len() {
            one(draft, it, index, to);
        }
    }
    circles(draft, to);
}

fn one(draft: &Draft, it: &ServerDraft, index: usize, to: &Problems<'_>) {
    let (before, rest) = it.depends.split_at(index);
    let Some(named) = rest.first() else { return };
    let name = named.value.as_str();
    if name == it.server.name {
        it.problem(to, named.at, "it cannot depend on itself; remove it");
    } else if !draft.servers.iter().any(|other| other.server.name == name) {
        let servers = draft.servers.iter().map(|other| other.server.name.as_str());
        let hint = hint(name, servers, &format!("add [server.{name}]"));
        it.problem(to, named.at, &format!("no server `{name}` to depend on{hint}"));
    } else if before.iter().any(|other| other.value == name) {
        it.problem(to, named.at, &format!("it depends on `{name}` twice; remove one"));
    }
}

/// Reports each circle once, at the server of it that comes first in the manifest.
fn circles(draft: &Draft, to: &Problems<'_>) {
    let mut seen: Vec<&str> = Vec::new();
    for it in &draft.servers {
        let name = it.server.name.as_str();
        let mut way = std::vec![name];
        if seen.contains(&name) || !leads_back(draft, &mut way) {
            continue;
        }
        seen.extend(&way);
        let round: Vec<String> = way[1..].iter().map(|name| format!("`{name}`")).collect();
        let text = format!("it depends on {}", round.join(", which depends on "));
        let at = it.depends.iter().find(|named| named.value == way[1]);
        let advice = "none of them could start first; remove one of these";
        it.problem(to, at.map_or(it.at, |named| named.at), &format!("{text}: {advice}"));
    }
}

/// Extends the way, which visits none twice, until it is back at its start.
fn leads_back<'d>(draft: &'d Draft, way: &mut Vec<&'d str>) -> bool {
    let Some(here) = way.last().map(|name| (*name).to_owned()) else { return false };
    let Some(it) = draft.servers.iter().find(|it| it.server.name == here) else { return false };
    for next in it.depends.iter().map(|named| named.value.as_str()).filter(|name| *name != here) {
        if Some(&next) == way.first() {
            way.push(next);
            return true;
        }
        if way.contains(&next) {
            continue;
        }
        way.push(next);
        if leads_back(draft, way) {
            return true;
        }
        way.pop();
    }
    false
}
