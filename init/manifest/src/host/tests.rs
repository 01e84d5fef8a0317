//! Each check: the message and the line.

mod grants;
mod times;
mod volumes;

use super::{check, mentioned_programs};
use crate::{OnRestart, Restart, decode, encode};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

const PROGRAMS: [&str; 5] = ["names", "console", "proc", "shell", "hello"];

/// A small good system. The tests change one line each.
const GOOD: &str = r#"[server.names]
priority = 50
pages = 100
service = true

[server.console]
priority = 45
pages = 100
service = true
clients = ["shell"]
irq = [{ name = "line", line = 4, notify = "bell" }]
ports = [{ name = "uart", first = 0x3f8, count = 8 }]

[server.proc]
priority = 35
pages = 500
threads = 8
handles = 200
objects = 300
service = true
clients = ["shell"]
spawn = true

[server.shell]
priority = 20
pages = 100
restart = "always"
supervisor = true

[program.hello]
priority = 10
pages = 64
"#;

fn problems(text: &str) -> Vec<String> {
    let found = check(text, "s.toml", &PROGRAMS, 1000).expect_err("the manifest is wrong");
    found.iter().map(ToString::to_string).collect()
}

/// The good system with one text replaced has exactly this problem.
#[track_caller]
fn one(old: &str, new: &str, expected: &str) {
    assert!(GOOD.contains(old), "{old}");
    assert_eq!(problems(&GOOD.replacen(old, new, 1)), vec![expected]);
}

#[test]
fn a_good_system_is_read_and_travels() {
    let system = check(GOOD, "s.toml", &PROGRAMS, 1000).unwrap();
    let names: Vec<_> = system.servers.iter().map(|server| server.name.as_str()).collect();
    assert_eq!(names, ["names", "console", "proc", "shell"], "the manifest's order");
    assert_eq!(system.client_number("names"), Some(1));
    assert_eq!(system.client_number("hello"), Some(5));
    assert_eq!(system.client_number("other"), None);
    assert_eq!(system.program_files(), ["names", "console", "proc", "shell", "hello"]);
    assert_eq!(system.servers[3].restart.when, Restart::Always);
    assert_eq!(system.servers[1].ports[0].first, 0x3f8);
    assert_eq!(decode(&encode(&system)), Some(system));
    assert_eq!(decode(&[0xff]), None);
}

#[test]
fn the_graph_is_drawn() {
    let system = check(GOOD, "s.toml", &PROGRAMS, 1000).unwrap();
    let lines: Vec<String> = system.graph().lines().map(String::from).collect();
    assert_eq!(lines[0], " 50 names");
    assert_eq!(lines[1], " 45 console      -> names");
    assert_eq!(lines[3], " 20 shell        -> console, proc, names, init");
}

#[test]
fn no_toml() {
    one(
        "priority = 45",
        "priority = ",
        "s.toml:7: not TOML: string values must be quoted, expected literal string",
    );
}

#[test]
fn a_section_twice() {
    let found = problems(&format!("{GOOD}[server.shell]\npriority = 1\n"));
    assert_eq!(found, ["s.toml:33: not TOML: duplicate key"]);
}

#[test]
fn unknown_keys() {
    one(
        "priority = 20\n",
        "priority = 20\nprioriti = 20\n",
        "s.toml:26: server `shell`: unknown key `prioriti`; did you mean `priority`?",
    );
    let found = problems(&GOOD.replacen(
        "line = 4, notify = \"bell\"",
        "line = 4, notify = \"x\", colour = 1",
        1,
    ));
    assert_eq!(
        found,
        ["s.toml:11: server `console`, `irq`: unknown key `colour`; keys are name, line, notify"]
    );
    one(
        "[program.hello]",
        "[servers.x]\n[program.hello]",
        "s.toml:30: manifest: unknown key `servers`; did you mean `server`?",
    );
}

#[test]
fn missing_keys() {
    one(
        "priority = 20\n",
        "",
        "s.toml:24: server `shell`: `priority` is missing; add `priority = NUMBER`",
    );
    one(
        "name = \"line\", ",
        "",
        "s.toml:11: server `console`, `irq`: `name` is missing; add `name = \"TEXT\"`",
    );
}

#[test]
fn wrong_kinds_and_ranges() {
    one(
        "priority = 20",
        "priority = \"high\"",
        "s.toml:25: server `shell`: `priority` must be a number, not string",
    );
    one(
        "priority = 50",
        "priority = 64",
        "s.toml:2: server `names`: `priority` is 64, but must be 0 to 59",
    );
    one(
        "supervisor = true",
        "supervisor = 1",
        "s.toml:28: server `shell`: `supervisor` must be true or false, not integer",
    );
    one(
        "restart = \"always\"",
        "restart = \"alway\"",
        "s.toml:27: server `shell`: no restart policy `alway`; did you mean `always`?",
    );
    one(
        "count = 8",
        "count = 0xff00",
        "s.toml:12: server `console`, `ports`: the last port is 0x102f7; ports end at 0xffff",
    );
}

#[test]
fn names_of_sections() {
    let programs = ["names", "console", "proc", "shell", "hello", "Shell", "a-very-long-name-x"];
    let wrong = |name: &str| {
        let text = format!("{GOOD}[program.{name}]\npriority = 1\npages = 16\n");
        let found = check(&text, "s.toml", &programs, 1000).expect_err("a wrong name");
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(wrong("Shell"), ["s.toml:33: program `Shell`: a name is made of a-z, 0-9 and -"]);
    assert_eq!(
        wrong("a-very-long-name-x"),
        ["s.toml:33: program `a-very-long-name-x`: a name has 1 to 16 letters, not 18"]
    );
    assert_eq!(
        wrong("shell"),
        ["s.toml:33: program `shell`: the name is taken in line 24; choose another"]
    );
}

#[test]
fn a_program_that_is_not_built() {
    one(
        "[program.hello]",
        "[program.helo]",
        "s.toml:30: program `helo`: no program `helo` is built; did you mean `hello`?",
    );
    one(
        "[program.hello]",
        "[program.editor]",
        "s.toml:30: program `editor`: no program `editor` is built; make one with `cargo xtask new-server editor`, or remove [program.editor]",
    );
    one(
        "[program.hello]",
        "[program.2nd-editor]",
        "s.toml:30: program `2nd-editor`: no program `2nd-editor` is built; remove [program.2nd-editor]",
    );
    one(
        "[program.hello]",
        "[program.\"../editor\"]",
        "s.toml:30: program `../editor`: a name is made of a-z, 0-9 and -",
    );
}

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
fn a_device_twice() {
    one(
        "supervisor = true",
        "supervisor = true\nirq = [{ name = \"mine\", line = 4, notify = \"n\" }]",
        "s.toml:29: server `shell`: interrupt line 4: given to server `console` already (line 11); take it from one of them",
    );
    one(
        "supervisor = true",
        "supervisor = true\nports = [{ name = \"mine\", first = 0x3ff, count = 2 }]",
        "s.toml:29: server `shell`: ports 0x3f8 to 0x3ff: given to server `console` already (line 12); take it from one of them",
    );
    one(
        "supervisor = true",
        "memory = [{ name = \"a\", address = 0xfe000000, pages = 2 },\n{ name = \"b\", address = 0xfe001000, pages = 1 }]",
        "s.toml:29: server `shell`: device memory 0xfe000000 to 0xfe001fff: given to server `shell` already (line 28); take it from one of them",
    );
}

#[test]
fn what_the_kernel_keeps_for_itself() {
    one(
        "first = 0x3f8, count = 8",
        "first = 0x40, count = 1",
        "s.toml:12: server `console`: `uart`, ports 0x40 to 0x40: the kernel keeps 0x40 to 0x43 for \
         itself (the interval timer); choose another or remove it",
    );
    one(
        "line = 4",
        "line = 2",
        "s.toml:11: server `console`: `line`, interrupt line 2: the kernel keeps 0x2 for itself (the \
         second interrupt controller); choose another or remove it",
    );
    one(
        "supervisor = true",
        "memory = [{ name = \"a\", address = 0xfebff000, pages = 2 }]",
        "s.toml:28: server `shell`: `a`, device memory 0xfebff000 to 0xfec00fff: the kernel keeps \
         0xfec00000 to 0xfec00fff for itself (the I/O interrupt controller); choose another or \
         remove it",
    );
    one(
        "supervisor = true",
        "memory = [{ name = \"a\", address = 0xffffffffff000, pages = 2 }]",
        "s.toml:28: server `shell`: `a`, device memory 0xffffffffff000 to 0x10000000000fff: the kernel \
         keeps all from 0x10000000000000 on for itself (addresses have 52 bits); choose another or \
         remove it",
    );
}

#[test]
fn all_that_the_kernel_keeps_is_known() {
    use abi::reserved::{LINES, MEMORY, PORTS};
    let refused = |keys: &str, user: &str| {
        let found = problems(&GOOD.replacen("supervisor = true", keys, 1));
        assert!(found.len() == 1 && found[0].contains(user), "{keys}: {found:?}");
    };
    for kept in PORTS {
        refused(
            &format!("ports = [{{ name = \"a\", first = {}, count = 1 }}]", kept.last),
            kept.user,
        );
    }
    for kept in LINES {
        refused(
            &format!("irq = [{{ name = \"a\", line = {}, notify = \"b\" }}]", kept.first),
            kept.user,
        );
    }
    for kept in MEMORY.iter().filter(|kept| kept.last < 1 << 52) {
        let last = kept.last / abi::PAGE_SIZE * abi::PAGE_SIZE;
        refused(&format!("memory = [{{ name = \"a\", address = {last}, pages = 1 }}]"), kept.user);
    }
}

#[test]
fn room_for_the_stack_and_the_handles_that_init_gives() {
    one(
        "pages = 100\nrestart = \"always\"",
        "pages = 40\nstack_pages = 40\nrestart = \"always\"",
        "s.toml:26: server `shell`: its stack has 40 of its 40 pages; raise `pages`",
    );
    one(
        "pages = 100\nservice = true\nclients",
        "pages = 100\nhandles = 4\nservice = true\nclients",
        "s.toml:9: server `console`: it is given 5 handles, but may have 4; raise `handles`",
    );
}

#[test]
fn the_terminal_has_a_leader_and_hears_of_programs() {
    let system = check(GOOD, "s.toml", &PROGRAMS, 1000).unwrap();
    let (terminal, leader) = system.terminal().unwrap();
    assert_eq!((terminal.name.as_str(), leader.name.as_str()), ("console", "shell"));
    assert_eq!(terminal.clients, ["shell", "proc"], "the spawner need not be listed");
    assert_eq!(system.needed_for_prompt(), ["names", "console", "shell"]);
    assert_eq!(system.spawner().map(|server| server.name.as_str()), Some("proc"));
    one(
        "line = 4, notify = \"bell\" }]",
        "line = 4, notify = \"bell\" }]\nleader = \"hello\"",
        "s.toml:12: server `console`: `leader` is `hello`, which is no server; name one",
    );
    one(
        "line = 4, notify = \"bell\" }]",
        "line = 4, notify = \"bell\" }]\nleader = \"names\"",
        "s.toml:12: server `console`: `leader` is `names`, which may not connect; add it to `clients`",
    );
    let none = check(
        &GOOD.replacen("server.console", "server.shell2", 1),
        "s",
        &["shell2", "names", "proc", "shell", "hello"],
        1000,
    );
    assert!(none.unwrap().needed_for_prompt().is_empty(), "no terminal");
}

#[test]
fn handle_names() {
    one(
        "name = \"uart\"",
        "name = \"line\"",
        "s.toml:12: server `console`: two handles are named `line`; choose another name",
    );
    one(
        "name = \"uart\"",
        "name = \"names\"",
        "s.toml:12: server `console`: no handle can be named `names`; choose another name",
    );
    one(
        "notify = \"bell\"",
        "notify = \"a bell\"",
        "s.toml:6: server `console`: no handle can be named `a bell`; choose another name",
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

#[test]
fn more_memory_than_there_is() {
    one(
        "pages = 500",
        "pages = 900",
        "s.toml:16: server `proc`: all servers together may use 1200 pages, but the machine has 1000; lower some `pages` or give it more memory (--mem)",
    );
}

#[test]
fn programs_that_do_not_fit() {
    one(
        "pages = 64",
        "pages = 600",
        "s.toml:32: program `hello`: its 600 pages come out of the 500 of server `proc`; raise `pages` there or lower it here",
    );
    one(
        "spawn = true\n",
        "",
        "s.toml:29: program `hello`: no server starts programs; add `spawn = true` to one",
    );
}

#[test]
fn a_system_without_names_is_refused() {
    let text = GOOD.split_once("[server.console]").unwrap().1;
    assert_eq!(
        problems(&format!("[server.console]{text}")),
        ["s.toml:1: no [server.names]: no client could find a service; add it"]
    );
}

#[test]
fn all_problems_come_at_once_by_line() {
    let text = GOOD.replace("priority = 20", "prio = 20").replace("line = 4", "line = 99");
    let found = problems(&text);
    let lines: Vec<_> = found.iter().map(|problem| &problem[..10]).collect();
    assert_eq!(lines, ["s.toml:11:", "s.toml:24:", "s.toml:25:"], "{found:?}");
}

#[test]
fn too_many_servers() {
    let mut text = GOOD.to_string();
    let mut programs: Vec<String> = PROGRAMS.map(String::from).to_vec();
    for number in 0..45 {
        text.push_str(&format!("[server.s{number}]\npriority = 1\npages = 16\n"));
        programs.push(format!("s{number}"));
    }
    let programs: Vec<&str> = programs.iter().map(String::as_str).collect();
    let found = check(&text, "s.toml", &programs, 5000).expect_err("too many");
    let expected = "s.toml:165: more than 48 servers: init cannot watch them all; remove some";
    assert_eq!(found[0].to_string(), expected);
}

/// Returns the good system with `count` more programs.
fn with_programs(count: usize) -> (String, Vec<String>) {
    let mut text = GOOD.to_string();
    let mut programs: Vec<String> = PROGRAMS.map(String::from).to_vec();
    for number in 0..count {
        text.push_str(&format!("[program.some-program-{number}]\npriority = 1\npages = 16\n"));
        programs.push(format!("some-program-{number}"));
    }
    (text, programs)
}

#[test]
fn names_can_be_told_all() {
    let check_with = |count| {
        let (text, programs) = with_programs(count);
        let programs: Vec<&str> = programs.iter().map(String::as_str).collect();
        check(&text, "s.toml", &programs, 1000)
    };
    assert!(check_with(100).is_ok());
    let found = check_with(150).expect_err("the startup block is too small");
    assert_eq!(
        found[0].to_string(),
        "s.toml:1: too many services and clients: `names` would be told 4844 bytes about them, of 3800; shorten names or remove clients"
    );
}

#[test]
fn the_real_manifest_fits_into_96_mib() {
    let text = include_str!("../../../system.toml");
    // Which programs are built is not this test's business.
    let programs = mentioned_programs(text);
    let system = check(text, "init/system.toml", &programs, 80 * 256).unwrap();
    assert!(system.program("hello").is_some());
}
