//! Rust's standard library: `tests/std`, an ordinary program, run out of `/bin`.

use anyhow::{Result, ensure};
use qemu_harness::Session;
use std::time::Duration;
use system_tests::{COMMAND, expect, with_programs};

/// How long some hundred programs may take.
const PROGRAMS: Duration = Duration::from_secs(300);

/// What the program prints of all its parts.
const ALL: [&str; 11] = [
    r#"args: ["std-program"]"#,
    "environment: /bin/std-program",
    r#"memory: [("a", 3), ("b", 2), ("c", 1)] 4999950000 70710.325"#,
    "time: after 2020: true",
    "threads: 6000 [7, 8, 9, 10] 7 4",
    "channel: 4950",
    "waiting: 2 true",
    r#"content: "one\ntw" 6 true"#,
    r#"names: ["a/", "text"] /tmp/std-program/text"#,
    "errors: [NotFound, AlreadyExists, AlreadyExists, NotADirectory, PermissionDenied]",
    "all is well",
];

fn with_program(name: &str, test: impl FnOnce(&mut Session) -> Result<()>) {
    with_programs(name, &["std-program"], &[], test);
}

#[test]
fn an_ordinary_program_finds_what_the_standard_library_promises() {
    with_program("std", |session| {
        let printed = session.run("std-program", COMMAND)?.replace('\r', "");
        for line in ALL {
            ensure!(printed.lines().any(|it| it == line), "no line `{line}` in\n{printed}");
        }
        Ok(())
    });
}

#[test]
fn an_ordinary_program_starts_others_and_is_refused_a_port() {
    with_program("std-outside", |session| {
        let wanted = ["children: 42 \"a b\\n\" 3", "sockets: PermissionDenied"];
        expect(session, "std-program outside", &wanted)?;
        expect(session, "ps | grep std-program || echo none", &["none"])?;
        Ok(())
    });
}

#[test]
fn an_ordinary_program_has_arguments_input_output_and_a_status() {
    with_program("std-shell", |session| {
        expect(session, "std-program echo a 'b c'", &["a b c"])?;
        expect(session, "std-program exit; echo $?", &["42"])?;
        expect(session, "std-program panic; echo $?", &["as asked", "main.rs", "101"])?;
        expect(session, "COLOUR=red std-program env COLOUR", &["red"])?;
        expect(session, "echo hello > /tmp/a; std-program cat < /tmp/a", &["hello", "6 bytes"])?;
        expect(session, "std-program echo hello | std-program cat | cat", &["hello", "6 bytes"])?;
        // Nothing of them is left.
        expect(session, "ps | grep std-program || echo none", &["none"])?;
        Ok(())
    });
}

#[test]
fn an_ordinary_program_may_use_memory_that_no_server_has_reserved() {
    with_program("std-memory", |session| {
        expect(session, "std-program hold 32", &["32 MiB in 8192 pages"])?;
        expect(session, "std-program hold 8192", &["no 8192 MiB: memory allocation failed"])?;
        let aborts = "std-program hold 8192 abort || echo no more";
        expect(session, aborts, &["memory allocation of 8589934592 bytes failed", "no more"])?;
        // Twice what is left for one: the servers do not feel it.
        expect(session, "std-program hold 32 | std-program hold 32", &["32 MiB in 8192 pages"])?;
        expect(session, "servers | grep 'given up: [^n]' || echo none", &["none"])?;
        Ok(())
    });
}

#[test]
fn an_ordinary_program_waits_for_many_sockets() {
    with_program("std-poll", |session| {
        expect(session, "std-program polls", &["poll: all is well, NotImplemented of a console"])?;
        Ok(())
    });
}

/// Entries of the table and sets of wild arguments.
const ENTRIES: u32 = 90;
const SETS: u32 = 6;

#[test]
fn a_hostile_ordinary_program_harms_only_itself() {
    with_program("std-wild", |session| {
        let (mut answers, mut faults) = (0, 0);
        for set in 0..SETS {
            let all =
                format!("for A in $(seq 0 {}); do std-program wild $A {set}; done", ENTRIES - 1);
            let printed = session.run(&all, PROGRAMS)?;
            answers += printed.matches("answer 0x").count();
            faults += printed.matches("std-program: ").count();
        }
        ensure!(answers > 100 && faults > 50, "{answers} answers, {faults} faults");
        expect(session, "std-program echo it lives", &["it lives"])?;
        expect(session, "ps | grep std-program || echo none", &["none"])?;
        let servers = session.run("servers", COMMAND)?;
        for line in servers.lines().filter(|line| line.contains(" running ")) {
            ensure!(line.split_whitespace().nth(3) == Some("0"), "a server died: {line}");
        }
        Ok(())
    });
}
