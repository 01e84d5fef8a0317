//! Each check: the message and the line.

mod between;
mod given;
mod grants;
mod times;
mod volumes;

use super::{check, mentioned_programs};
use crate::{Restart, decode, encode};
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
fn the_real_manifest_fits_into_128_mib() {
    let text = include_str!("../../../system.toml");
    // Which programs are built is not this test's business.
    let programs = mentioned_programs(text);
    let system = check(text, "init/system.toml", &programs, 108 * 256).unwrap();
    assert!(system.program("hello").is_some());
}
