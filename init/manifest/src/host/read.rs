//! From TOML to a draft of the system: one section at a time, with places.

use super::devices;
use super::draft::{Draft, ProgramDraft, ServerDraft};
use super::grants;
use super::problem::{Problems, hint};
use super::section::{Placed, Section};
use super::terminal;
use super::volumes;
use crate::{
    DeviceGrant, INIT_PRIORITY, Limits, OnRestart, Program, Restart, RestartPolicy, Server, Time,
};
use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::vec::Vec;
use toml::de::DeTable;

/// Reads everything; `None` when the text is no TOML.
pub(super) fn system(text: &str, problems: &Problems<'_>) -> Option<Draft> {
    let parsed = match DeTable::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            problems.add(at, format!("not TOML: {}", error.message()));
            return None;
        }
    };
    let top = Section::new("manifest".to_owned(), 0, parsed.get_ref(), problems);
    let mut servers: Vec<_> = top.children("server").into_iter().map(server).collect();
    servers.extend(top.children("volume").into_iter().map(volumes::volume));
    let mut programs: Vec<_> = top.children("program").into_iter().map(program).collect();
    top.finish();
    servers.sort_by_key(|draft| draft.at);
    programs.sort_by_key(|draft| draft.at);
    terminal::complete(&mut servers);
    grants::complete(&mut servers);
    volumes::complete(&mut servers);
    Some(Draft { servers, programs })
}

fn server((name, section): (String, Section<'_>)) -> ServerDraft {
    let device = grants::device(&section);
    server_with(name, &section, device)
}

/// A server with this PCI device, from the other keys of its section.
pub(super) fn server_with(
    name: String,
    section: &Section<'_>,
    device: Option<Placed<DeviceGrant>>,
) -> ServerDraft {
    let clients = section.texts("clients");
    let depends = section.texts("depends");
    let leader = section.text("leader");
    let names = |list: &[Placed<String>]| list.iter().map(|name| name.value.clone()).collect();
    let (irqs, mut devices) = devices::irqs(section);
    let (ports, more) = devices::ports(section);
    devices.extend(more);
    let (memory, more) = devices::memory(section);
    devices.extend(more);
    let device_at = device.as_ref().map(|device| device.at);
    let server = Server {
        name,
        file: None,
        priority: priority(section),
        time: time(section),
        limits: limits(section),
        stack_pages: stack_pages(section),
        restart: restart(section),
        depends: names(&depends),
        on_restart: choice(section, "on_restart", "reaction", &ON_RESTART),
        heartbeat_ms: section.small("heartbeat_ms", 0..=3_600_000, Some(0)),
        service: section.flag("service"),
        clients: names(&clients),
        leader: leader.as_ref().map(|leader| leader.value.clone()),
        irqs,
        ports,
        memory,
        bus: section.flag("bus"),
        log: section.flag("log"),
        device: device.map(|device| device.value),
        keep_pages: section.small("keep_pages", 0..=1024, Some(0)),
        supervisor: section.flag("supervisor"),
        observer: section.flag("observer"),
        spawn: section.flag("spawn"),
        archive: section.flag("archive"),
        volume: None,
        args: section.texts("args").into_iter().map(|argument| argument.value).collect(),
    };
    section.finish();
    let [pages_at, handles_at, time_at] =
        ["pages", "handles", "time"].map(|key| section.place(key));
    ServerDraft {
        server,
        at: section.at,
        pages_at,
        handles_at,
        time_at,
        leader_at: leader.map(|leader| leader.at),
        clients,
        depends,
        devices,
        device_at,
    }
}

fn program((name, section): (String, Section<'_>)) -> ProgramDraft {
    let program = Program {
        name,
        file: section.text("file").map(|file| file.value),
        supervisor: section.flag("supervisor"),
        any: section.flag("any"),
        priority: priority(&section),
        limits: limits(&section),
        stack_pages: stack_pages(&section),
    };
    section.finish();
    ProgramDraft { program, at: section.at, pages_at: section.place("pages") }
}

fn priority(section: &Section<'_>) -> u8 {
    u8::try_from(section.small("priority", 0..=u32::from(INIT_PRIORITY) - 1, None)).unwrap_or(0)
}

/// `time = { budget_us, period_us }`, or `passive`.
fn time(section: &Section<'_>) -> Time {
    let passive = section.flag("passive");
    let Some(inner) = section.table("time") else {
        return if passive { Time::Clients } else { Time::Own };
    };
    let least = abi::BUDGET_LEAST_NS.div_ceil(1000);
    let most = abi::PERIOD_MOST_NS / 1000;
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let period_us = inner.small("period_us", small(least)..=small(most), None);
    let budget_us = inner.small("budget_us", small(least)..=period_us.max(small(least)), None);
    inner.finish();
    if passive {
        let text = "it is `passive` and has `time`; a passive server works on its clients' time, \
                    so remove one";
        section.problem(inner.at, text);
    }
    Time::Budget { budget_us, period_us }
}

fn stack_pages(section: &Section<'_>) -> u32 {
    section.small("stack_pages", 2..=256, Some(8))
}

fn limits(section: &Section<'_>) -> Limits {
    Limits {
        pages: section.small("pages", 16..=1_048_576, None),
        handles: section.small("handles", 4..=4096, Some(32)),
        threads: section.small("threads", 1..=64, Some(1)),
        objects: section.small("objects", 8..=4096, Some(64)),
    }
}

fn restart(section: &Section<'_>) -> RestartPolicy {
    let backoff_ms = section.small("backoff_ms", 1..=60_000, Some(100));
    let longest = Some(backoff_ms.max(10_000));
    RestartPolicy {
        when: choice(section, "restart", "restart policy", &RESTART),
        backoff_ms,
        backoff_max_ms: section.small("backoff_max_ms", backoff_ms..=3_600_000, longest),
        limit: section.small("restart_limit", 1..=1000, Some(5)),
        window_ms: section.small("restart_window_ms", 100..=3_600_000, Some(10_000)),
    }
}

const RESTART: [(&str, Restart); 3] =
    [("never", Restart::Never), ("on-crash", Restart::OnCrash), ("always", Restart::Always)];

const ON_RESTART: [(&str, OnRestart); 3] =
    [("nothing", OnRestart::Nothing), ("tell", OnRestart::Tell), ("restart", OnRestart::Restart)];

/// One of three words; the default where the key is not there.
fn choice<T: Copy + Default>(
    section: &Section<'_>,
    key: &'static str,
    what: &str,
    choices: &[(&str, T); 3],
) -> T {
    let Some(text) = section.text(key) else { return T::default() };
    let found = choices.iter().find(|(name, _)| *name == text.value);
    found.map_or_else(
        || {
            let names = choices.each_ref().map(|(name, _)| *name);
            let otherwise = format!("it is {}, {} or {}", names[0], names[1], names[2]);
            let hint = hint(&text.value, names.into_iter(), &otherwise);
            section.problem(text.at, &format!("no {what} `{}`{hint}", text.value));
            T::default()
        },
        |(_, choice)| *choice,
    )
}
