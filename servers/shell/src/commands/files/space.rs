//! `df`, `du`, `sync`.

use super::{each, join};
use crate::options::Options;
use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use crate::units::{bytes, percent};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use files::{Kind, State};

pub(crate) fn df(shell: &mut Shell, words: &[&str]) -> Outcome {
    let paths: Vec<String> = match words {
        [] => {
            let mut paths: Vec<String> =
                shell.files.mounts().map(|mount| mount.path.clone()).collect();
            paths.sort();
            paths
        }
        paths => paths.iter().map(ToString::to_string).collect(),
    };
    let mut table = Table::new(&[
        "VOLUME", "FORMAT", "DEVICE", ">SIZE", ">USED", ">FREE", ">USE", "ON", "STATE",
    ]);
    let mut status = 0;
    for path in paths {
        match row(shell, &path) {
            Ok(row) => table.row(row),
            Err(trouble) => status = shell.complain("df", &trouble),
        }
    }
    shell.write(table.render().as_bytes())?;
    Ok(status)
}

fn row(shell: &Shell, path: &str) -> Result<[String; 9], Trouble> {
    let (mount, info) = shell.files.volume(path)?;
    let device = if info.device.is_empty() { "-".to_string() } else { info.device };
    let state = match info.state {
        State::Writable => "writable".to_string(),
        State::ReadOnly { why } => alloc::format!("read-only: {why}"),
        State::Unusable { why } => {
            let none = || "-".to_string();
            let state = alloc::format!("unusable: {why}");
            let row = [mount.service, info.format, device, none(), none(), none(), none()];
            let [a, b, c, d, e, f, g] = row;
            return Ok([a, b, c, d, e, f, g, mount.path, state]);
        }
    };
    let space = shell.files.space(path)?;
    let used = space.total.saturating_sub(space.free);
    Ok([
        mount.service,
        info.format,
        device,
        bytes(space.total),
        bytes(used),
        bytes(space.free),
        percent(used, space.total),
        mount.path,
        state,
    ])
}

pub(crate) fn du(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("s", "", words)?;
    let paths = if options.words.is_empty() { alloc::vec!["."] } else { options.words };
    each(shell, "du", &paths, |shell, path| {
        let stored = tree(shell, path)?;
        shell.write(alloc::format!("{:>10}  {path}\n", bytes(stored)).as_bytes())
    })
}

/// Bytes that all below a path take. Mount points are counted, too: each path once.
fn tree(shell: &Shell, path: &str) -> Result<u64, Trouble> {
    let mut stored = 0_u64;
    let mut work = alloc::vec![path.to_string()];
    while let Some(path) = work.pop() {
        shell.interrupts.check()?;
        let found = shell.files.link_metadata(&path)?;
        stored = stored.saturating_add(found.stored);
        if found.kind == Kind::Directory {
            let entries = shell.files.list(&path)?;
            work.extend(entries.iter().map(|entry| join(&path, &entry.name)));
        }
    }
    Ok(stored)
}

pub(crate) fn sync(shell: &mut Shell, words: &[&str]) -> Outcome {
    let paths: Vec<String> = match words {
        [] => shell.files.mounts().map(|mount| mount.path.clone()).collect(),
        paths => paths.iter().map(ToString::to_string).collect(),
    };
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    if paths.is_empty() {
        return Ok(0);
    }
    each(shell, "sync", &paths, |shell, path| {
        let info = shell.files.volume(path)?.1;
        // Without words, volumes that cannot be written have nothing to sync.
        if words.is_empty() && info.state != State::Writable {
            return Ok(());
        }
        Ok(shell.files.sync(path)?)
    })
}
