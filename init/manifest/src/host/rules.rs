//! The checks that need more than one section.

use super::draft::{Draft, ServerDraft};
use super::problem::{Problems, hint};
use crate::{DISKS, MAX_SERVERS, NAMES};
use std::collections::BTreeMap;
use std::format;
use std::string::String;

mod calls;
mod clients;
mod depends;
mod devices;
mod grants;
mod quota;
mod time;

/// All checks of names and devices.
pub(super) fn apply(draft: &Draft, available: &[&str], to: &Problems<'_>) {
    names(draft, to);
    files(draft, available, to);
    clients::all(draft, to);
    depends::all(draft, to);
    heartbeats(draft, to);
    super::terminal::check(draft, to);
    time::kinds(draft, to);
    devices::one_owner(draft, to);
    devices::handle_names(draft, to);
    grants::all(draft, to);
    counts(draft, to);
    spawners(draft, to);
    volumes(draft, to);
}

/// All checks of priorities and quotas.
pub(super) fn apply_to_numbers(draft: &Draft, memory_pages: u32, to: &Problems<'_>) {
    calls::urgency(draft, to);
    time::admission(draft, to);
    devices::reserved(draft, to);
    quota::machine(draft, memory_pages, to);
    quota::startup(draft, to);
    quota::starts(draft, to);
    quota::programs(draft, to);
}

fn names(draft: &Draft, to: &Problems<'_>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, name, at) in draft.sections() {
        if let Some(why) = wrong_name(name) {
            to.add(at, format!("{kind} `{name}`: {why}"));
        }
        if let Some(other) = seen.insert(name, at) {
            let line = to.line(other);
            to.add(
                at,
                format!("{kind} `{name}`: the name is taken in line {line}; choose another"),
            );
        }
    }
}

fn wrong_name(name: &str) -> Option<String> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > abi::NAME_LEN {
        return Some(format!("a name has 1 to {} letters, not {}", abi::NAME_LEN, name.len()));
    }
    if !name.bytes().all(good) {
        return Some("a name is made of a-z, 0-9 and -".into());
    }
    (name == "init").then(|| "init is started by the kernel; remove the section".into())
}

fn files(draft: &Draft, available: &[&str], to: &Problems<'_>) {
    // A name that no program can have is told by `names`.
    let missing = |file: &str| !available.contains(&file) && wrong_name(file).is_none();
    for (section, file) in draft.files().filter(|(_, file)| missing(file)) {
        let (kind, name, at) = section;
        let make = match can_be_made(file) && kind != "volume" {
            true => format!("make one with `cargo xtask new-server {file}`, or "),
            false => String::new(),
        };
        let otherwise = format!("{make}remove [{kind}.{name}]");
        let hint = hint(file, available.iter().copied(), &otherwise);
        to.add(at, format!("{kind} `{name}`: no program `{file}` is built{hint}"));
    }
}

/// One path for each volume; a volume on a disk needs the server of disks; one program stands for
/// those of volumes.
fn volumes(draft: &Draft, to: &Problems<'_>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for it in &draft.servers {
        let Some(volume) = &it.server.volume else { continue };
        if let Some(other) = seen.insert(&volume.path, it.at) {
            let line = to.line(other);
            let text = format!("the volume in line {line} has the path `{}` too", volume.path);
            it.problem(to, it.at, &format!("{text}; choose another"));
        }
        let disks = draft.servers.iter().any(|other| other.server.name == DISKS);
        if volume.device.is_some() && !disks {
            let text = format!("it has a `device`, but there is no [server.{DISKS}]; add it");
            it.problem(to, it.at, &text);
        }
    }
    for it in draft.programs.iter().filter(|it| it.program.any).skip(1) {
        let name = &it.program.name;
        to.add(it.at, format!("program `{name}`: another one has `any`; remove one"));
    }
}

/// Whether `new-server` would take the name, as far as its form goes.
fn can_be_made(name: &str) -> bool {
    (2..=15).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
}

fn counts(draft: &Draft, to: &Problems<'_>) {
    if !draft.servers.iter().any(|it| it.server.name == NAMES) {
        to.add(0, format!("no [server.{NAMES}]: no client could find a service; add it"));
    }
    if let Some(first) = draft.servers.get(MAX_SERVERS) {
        let text = "servers: init cannot watch them all; remove some";
        to.add(first.at, format!("more than {MAX_SERVERS} {text}"));
    }
}

fn spawners(draft: &Draft, to: &Problems<'_>) {
    let mut spawners = draft.servers.iter().filter(|it| it.server.spawn).peekable();
    if spawners.peek().is_none() {
        for it in &draft.programs {
            let name = &it.program.name;
            let text = "no server starts programs; add `spawn = true` to one";
            to.add(it.at, format!("program `{name}`: {text}"));
        }
    }
    for it in spawners.filter(|_| draft.programs.is_empty()) {
        it.problem(to, it.at, "it has `spawn` but there are no programs; add [program.NAME]");
    }
}

/// A heartbeat is looked for at an endpoint.
fn heartbeats(draft: &Draft, to: &Problems<'_>) {
    let deaf = |it: &&ServerDraft| it.server.heartbeat_ms > 0 && !it.server.service;
    for it in draft.servers.iter().filter(deaf) {
        it.problem(to, it.at, "it has `heartbeat_ms` but no endpoint; add `service = true`");
    }
}
