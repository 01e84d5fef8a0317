//! What a server is given: devices, handles, room for them.

use super::{GOOD, PROGRAMS, check, one, problems};
use std::format;

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
