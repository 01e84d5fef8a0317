//! What servers are to each other: clients, dependencies, calls.

use super::{GOOD, PROGRAMS, check, one, problems};
use crate::OnRestart;
use std::format;

#[test]
fn clients_that_cannot_be() {
    one(
        "clients = [\"shell\"]\nirq",
        "clients = [\n  \"shell\",\n  \"shel\"]\nirq",
        "s.toml:12: server `console`: no server or program `shel`; did you mean `shell`?",
    );
    one(
        "clients = [\"shell\"]\nirq",
        "clients = [\"shell\", \"shell\"]\nirq",
        "s.toml:10: server `console`: client `shell` is listed twice; remove one",
    );
    one(
        "clients = [\"shell\"]\nirq",
        "clients = [\"console\"]\nirq",
        "s.toml:10: server `console`: it cannot be its own client; remove it",
    );
    one(
        "service = true\nclients = [\"shell\"]\nirq",
        "clients = [\"shell\"]\nirq",
        "s.toml:6: server `console`: it has `clients` but no endpoint; add `service = true`",
    );
}

#[test]
fn dependencies_that_cannot_be() {
    let depends = |list: &str| format!("supervisor = true\ndepends = {list}");
    let wrong = |list: &str, expected: &str| one("supervisor = true", &depends(list), expected);
    wrong(
        "[\"consol\"]",
        "s.toml:29: server `shell`: no server `consol` to depend on; did you mean `console`?",
    );
    wrong(
        "[\"file-system\"]",
        "s.toml:29: server `shell`: no server `file-system` to depend on; add [server.file-system]",
    );
    wrong("[\"shell\"]", "s.toml:29: server `shell`: it cannot depend on itself; remove it");
    wrong(
        "[\"proc\", \"proc\"]",
        "s.toml:29: server `shell`: it depends on `proc` twice; remove one",
    );
    one(
        "supervisor = true",
        "on_restart = \"tell\"",
        "s.toml:24: server `shell`: it has `on_restart` but has no dependency; add `depends`",
    );
    one(
        "supervisor = true",
        "depends = [\"proc\"]\non_restart = \"restar\"",
        "s.toml:29: server `shell`: no reaction `restar`; did you mean `restart`?",
    );
}

#[test]
fn a_circle_of_dependencies() {
    let text = GOOD
        .replacen("supervisor = true", "depends = [\"names\", \"console\"]", 1)
        .replacen("irq = [", "depends = [\"proc\"]\nirq = [", 1)
        .replacen("spawn = true", "spawn = true\ndepends = [\"shell\"]", 1);
    let circle = "it depends on `proc`, which depends on `shell`, which depends on `console`";
    let advice = "none of them could start first; remove one of these";
    assert_eq!(problems(&text), [format!("s.toml:11: server `console`: {circle}: {advice}")]);
}

#[test]
fn dependencies_and_pauses_are_read() {
    let keys = "depends = [\"proc\"]\non_restart = \"tell\"\nbackoff_ms = 20000";
    let text = GOOD.replacen("supervisor = true", keys, 1);
    let system = check(&text, "s.toml", &PROGRAMS, 1000).unwrap();
    let shell = &system.servers[3];
    assert_eq!(
        (shell.depends.as_slice(), shell.on_restart),
        (&["proc".into()][..], OnRestart::Tell)
    );
    assert_eq!(shell.restart.backoff_max_ms, 20_000, "the longest is not shorter than the first");
    one(
        "supervisor = true",
        "backoff_ms = 500\nbackoff_max_ms = 400",
        "s.toml:29: server `shell`: `backoff_max_ms` is 400, but must be 500 to 3600000",
    );
}

#[test]
fn a_heartbeat_needs_an_endpoint() {
    one(
        "supervisor = true",
        "heartbeat_ms = 100",
        "s.toml:24: server `shell`: it has `heartbeat_ms` but no endpoint; add `service = true`",
    );
}

#[test]
fn calls_to_less_urgent_servers() {
    one(
        "priority = 20",
        "priority = 35",
        "s.toml:21: `shell` (priority 35) calls `proc` (priority 35): a server must be more urgent than its clients; raise `proc` or lower `shell`",
    );
    one(
        "priority = 10",
        "priority = 35",
        "s.toml:30: `hello` (priority 35) calls `proc` (priority 35): a server must be more urgent than its clients; raise `proc` or lower `hello`",
    );
}

#[test]
fn a_circle_of_calls() {
    one(
        "supervisor = true",
        "supervisor = true\nservice = true\nclients = [\"console\"]",
        "s.toml:30: `console` (priority 45) calls `shell` (priority 20): a server must be more urgent than its clients, and these calls go round in a circle: console -> shell -> console; raise `shell` or lower `console`",
    );
}

#[test]
fn every_server_is_less_urgent_than_init() {
    one(
        "priority = 50",
        "priority = 60",
        "s.toml:2: server `names`: `priority` is 60, but must be 0 to 59",
    );
}
