//! Devices: one owner each, and handles that can be told apart.

use super::super::draft::{Draft, ServerDraft};
use super::super::problem::Problems;
use std::format;
use std::vec::Vec;

/// Handle names that init gives itself.
const RESERVED: [&str; 9] =
    ["names", "endpoint", "supervisor", "peers", "keep", "archive", "root", "self", "resource"];

/// No line, port or page of a device belongs to two.
pub(super) fn one_owner(draft: &Draft, to: &Problems<'_>) {
    let mut all: Vec<_> = draft.servers.iter().flat_map(ServerDraft::owned_devices).collect();
    all.sort_by_key(|(_, device)| device.at);
    for (index, (owner, device)) in all.iter().enumerate() {
        let mut before = all.iter().take(index);
        let found = before.find(|(_, first)| first.value.overlaps(&device.value));
        let Some((other, first)) = found else { continue };
        let (what, other, line) = (&first.value, &other.server.name, to.line(first.at));
        let text = format!("{what}: given to server `{other}` already (line {line})");
        owner.problem(to, device.at, &format!("{text}; take it from one of them"));
    }
}

/// Nothing that the kernel keeps for itself is given to a server: the kernel would refuse it.
pub(super) fn reserved(draft: &Draft, to: &Problems<'_>) {
    for (owner, device) in draft.servers.iter().flat_map(ServerDraft::owned_devices) {
        let Some(kept) = device.value.reserved() else { continue };
        let (what, name, user) = (&device.value, &device.value.name, kept.user);
        let range = match (kept.first, kept.last) {
            (first, last) if first == last => format!("{first:#x}"),
            (first, u64::MAX) => format!("all from {first:#x} on"),
            (first, last) => format!("{first:#x} to {last:#x}"),
        };
        let text = format!("`{name}`, {what}: the kernel keeps {range} for itself ({user})");
        owner.problem(to, device.at, &format!("{text}; choose another or remove it"));
    }
}

/// No handle has a name that is taken or cannot be told.
pub(super) fn handle_names(draft: &Draft, to: &Problems<'_>) {
    for it in &draft.servers {
        for irq in it.server.irqs.iter().filter(|irq| unusable(&irq.notify)) {
            it.problem(to, it.at, &unusable_text(&irq.notify));
        }
        for (index, device) in it.devices.iter().enumerate() {
            let name = device.value.name.as_str();
            let twice = it.devices.iter().take(index).any(|other| other.value.name == name);
            if unusable(name) {
                it.problem(to, device.at, &unusable_text(name));
            } else if twice {
                let text = format!("two handles are named `{name}`; choose another name");
                it.problem(to, device.at, &text);
            }
        }
    }
}

fn unusable(name: &str) -> bool {
    RESERVED.contains(&name) || name.contains([' ', ':'])
}

fn unusable_text(name: &str) -> std::string::String {
    format!("no handle can be named `{name}`; choose another name")
}
