//! Devices on the bus: there is a server that gives them out, and no slot is given twice.

use super::super::draft::{Draft, ServerDraft};
use super::super::problem::Problems;
use crate::OnRestart;
use std::format;

/// All checks of `bus` and `device`.
pub(super) fn all(draft: &Draft, to: &Problems<'_>) {
    buses(draft, to);
    let bus = draft.servers.iter().find(|it| it.server.bus);
    for it in &draft.servers {
        let Some(at) = it.device_at else { continue };
        match bus {
            None => {
                let text = "it has `device` but no server gives devices out; add `bus = true` to \
                            one";
                it.problem(to, at, text);
            }
            Some(bus) if bus.server.name == it.server.name => {
                it.problem(to, at, "it has `bus` and `device`; a driver is another server");
            }
            Some(_) => driver(draft, it, at, to),
        }
    }
}

fn buses(draft: &Draft, to: &Problems<'_>) {
    let mut buses = draft.servers.iter().filter(|it| it.server.bus);
    let Some(first) = buses.next() else { return };
    if !first.server.service {
        first.problem(to, first.at, "it has `bus` but no endpoint; add `service = true`");
    }
    for other in buses {
        let name = &first.server.name;
        let text = format!("`bus`: server `{name}` has it, and there is one bus; remove it");
        other.problem(to, other.at, &text);
    }
}

fn driver(draft: &Draft, it: &ServerDraft, at: usize, to: &Problems<'_>) {
    if it.server.on_restart == OnRestart::Tell {
        let text = "`on_restart` is `tell`, but a driver starts again with the bus server, which \
                    resets its device; remove it";
        it.problem(to, at, text);
    }
    let slot = it.server.device.as_ref().and_then(|grant| grant.slot);
    let Some(slot) = slot else { return };
    let before = draft.servers.iter().take_while(|other| other.at < it.at);
    let has = |other: &&ServerDraft| {
        other.server.device.as_ref().and_then(|grant| grant.slot) == Some(slot)
    };
    for other in before.filter(has) {
        let (name, line) = (&other.server.name, to.line(other.device_at.unwrap_or(other.at)));
        let text = format!("slot {slot}: given to server `{name}` already (line {line})");
        it.problem(to, at, &format!("{text}; take it from one of them"));
    }
}
