//! `[volume.NAME]`: a server with a few keys more.

use super::draft::ServerDraft;
use super::read;
use super::section::{Placed, Section};
use crate::{DISKS, Restart, Volume, VolumeAccess, is_absolute};
use std::format;
use std::string::String;
use std::vec::Vec;

/// Reads the section of a volume.
pub(super) fn volume((name, section): (String, Section<'_>)) -> ServerDraft {
    let file = section.text("type");
    if file.is_none() {
        section.problem(section.at, "`type` is missing; add `type = \"ext4\"`");
    }
    let (access, clients) = access(&section);
    let volume = Volume {
        device: section.text("device").map(|device| device.value),
        path: path(&section),
        read_only: section.flag("read_only"),
        access,
    };
    if section.has("clients") {
        let text = "a volume has `access` instead of `clients`; write `access = [\"CLIENT\"]`";
        section.problem(section.place("clients"), text);
    }
    let restarts = section.has("restart");
    let mut draft = read::server_with(name, &section, None);
    draft.server.service = true;
    if !restarts {
        draft.server.restart.when = Restart::Always;
    }
    if let Some(device) = &volume.device {
        draft.server.args.push(format!("device={device}"));
    }
    draft.server.clients = clients.iter().map(|client| client.value.clone()).collect();
    draft.clients = clients;
    // Without a type there is no file to look for.
    draft.server.file = Some(file.map(|file| file.value).unwrap_or_default());
    draft.server.volume = Some(volume);
    draft
}

fn path(section: &Section<'_>) -> String {
    let Some(path) = section.text("path") else {
        section.problem(section.at, "`path` is missing; add `path = \"/mnt\"`");
        return String::new();
    };
    if !is_absolute(&path.value) {
        let text = format!("`path` is `{}`, but must be like `/mnt`", path.value);
        section.problem(path.at, &text);
    }
    path.value
}

/// What each client sees, and the clients.
fn access(section: &Section<'_>) -> (Vec<VolumeAccess>, Vec<Placed<String>>) {
    let mut all = Vec::new();
    let mut clients = Vec::new();
    for text in section.texts("access") {
        let Some(access) = VolumeAccess::parse(&text.value) else {
            let told = format!("`access` is `{}`, but must be like `shell=/home:read`", text.value);
            section.problem(text.at, &told);
            continue;
        };
        clients.push(Placed { value: access.client.clone(), at: text.at });
        all.push(access);
    }
    (all, clients)
}

/// A volume on a disk is a client of the server of disks.
pub(super) fn complete(servers: &mut [ServerDraft]) {
    let on_disk = |it: &&mut ServerDraft| {
        it.server.volume.as_ref().is_some_and(|volume| volume.device.is_some())
    };
    let mut clients: Vec<(Placed<String>, String)> = Vec::new();
    for it in servers.iter_mut().filter(on_disk) {
        let Some(volume) = &it.server.volume else { continue };
        let device = volume.device.as_deref().unwrap_or_default();
        let read = if volume.read_only { ":read" } else { "" };
        let grant = format!("{}={device}{read}", it.server.name);
        clients.push((Placed { value: it.server.name.clone(), at: it.at }, grant));
    }
    let Some(disks) = servers.iter_mut().find(|it| it.server.name == DISKS) else { return };
    for (client, grant) in clients {
        if !disks.clients.iter().any(|other| other.value == client.value) {
            disks.server.clients.push(client.value.clone());
            disks.clients.push(client);
        }
        disks.server.args.push(grant);
    }
}
