//! A caller waits for its server: so the server has to be more urgent, or the call turns
//! priorities round. A circle of calls, which could wait for itself, always breaks this.

use super::super::draft::{Draft, ProgramDraft};
use super::super::problem::Problems;
use super::super::section::Placed;
use crate::{NAMES, System};
use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::vec::Vec;

/// A call that the manifest makes possible.
struct Call {
    client: String,
    server: String,
    /// Where the manifest says so.
    at: usize,
}

impl Call {
    fn new(client: &str, server: &str, at: usize) -> Self {
        Self { client: client.to_owned(), server: server.to_owned(), at }
    }

    /// What is wrong with it, if anything is.
    fn problem(&self, system: &System) -> Option<String> {
        let (client, server) = (&self.client, &self.server);
        let from = system.priority(client)?;
        let into = system.priority(server)?;
        if client == server || into > from {
            return None;
        }
        let rule = "a server must be more urgent than its clients";
        let round = circle(system, client, server).map_or_else(String::new, |circle| {
            format!(", and these calls go round in a circle: {circle}")
        });
        let calls = format!("`{client}` (priority {from}) calls `{server}` (priority {into})");
        Some(format!("{calls}: {rule}{round}; raise `{server}` or lower `{client}`"))
    }
}

/// Reports each call to a server that is not more urgent than its client. init is more
/// urgent than all that the manifest can say.
pub(super) fn urgency(draft: &Draft, to: &Problems<'_>) {
    let system = draft.system();
    let implied = to_names(draft).chain(to_spawners(draft));
    for call in listed(draft).chain(implied) {
        if let Some(text) = call.problem(&system) {
            to.add(call.at, text);
        }
    }
}

fn listed(draft: &Draft) -> impl Iterator<Item = Call> {
    draft.servers.iter().flat_map(|it| {
        let call = |client: &Placed<String>| Call::new(&client.value, &it.server.name, client.at);
        it.clients.iter().map(call)
    })
}

fn to_names(draft: &Draft) -> impl Iterator<Item = Call> {
    let others = draft.sections().filter(|(_, name, _)| *name != NAMES);
    others.map(|(_, name, at)| Call::new(name, NAMES, at))
}

fn to_spawners(draft: &Draft) -> impl Iterator<Item = Call> {
    draft.servers.iter().filter(|it| it.server.spawn).flat_map(|it| {
        let call = |of: &ProgramDraft| Call::new(&of.program.name, &it.server.name, of.at);
        draft.programs.iter().map(call)
    })
}

/// The way back from a server to its client, if there is one: `a -> b -> a`.
fn circle(system: &System, client: &str, server: &str) -> Option<String> {
    let mut way = std::vec![server.to_owned()];
    leads(system, &mut way, client).then(|| format!("{client} -> {}", way.join(" -> ")))
}

/// Extends the way, which never visits one twice, until it ends at `goal`.
fn leads(system: &System, way: &mut Vec<String>, goal: &str) -> bool {
    let Some(here) = way.last().cloned() else { return false };
    for edge in system.edges().filter(|edge| edge.client == here) {
        if edge.server == goal {
            way.push(goal.to_owned());
            return true;
        }
        if way.iter().any(|visited| visited == edge.server) {
            continue;
        }
        way.push(edge.server.to_owned());
        if leads(system, way, goal) {
            return true;
        }
        way.pop();
    }
    false
}
