//! Servers that hang, crash and depend on each other, and what init makes of it.

use anyhow::{Result, ensure};
use qemu_harness::{Machine, Outcome, Session};
use system_tests::{
    COMMAND, eventually, expect, machine_with_sections, restarts, row, wait_for_restarts,
    with_machine,
};

/// An instruction takes a nanosecond, doubled so often: some 250 million of them in a second.
const DOUBLINGS: u32 = 2;

/// A section for the program `sick`.
fn sick(way: &str, more: &str) -> String {
    format!(
        "[server.sick-{way}]\npriority = 10\npages = 128\nservice = true\nargs = [\"{way}\"]\n\
         backoff_ms = 20\nrestart_limit = 2\n{more}\n\n"
    )
}

/// Runs a test at the prompt of a machine that has these sections too.
fn with_sections(
    name: &str,
    sections: &str,
    test: impl FnOnce(&mut Session) -> Result<()>,
) -> Outcome {
    let change = |machine: &mut Machine| {
        let cpus = machine.cpus;
        *machine = machine_with_sections(name, sections)?;
        machine.cpus = cpus;
        Ok(())
    };
    with_machine(name, change, test)
}

/// The same on a machine whose time is counted in instructions: a host that stops it for a while
/// changes nothing that the machine measures.
fn in_counted_time(
    name: &str,
    sections: &str,
    test: impl FnOnce(&mut Session) -> Result<()>,
) -> Outcome {
    let change = |machine: &mut Machine| {
        *machine = machine_with_sections(name, sections)?.with_counted_time(DOUBLINGS);
        machine.cpus = 1;
        Ok(())
    };
    with_machine(name, change, test)
}

/// Waits until the row of a server in `servers` has this text.
fn wait_for_row(session: &mut Session, server: &str, wanted: &str) -> Result<String> {
    let found = |table: &str| {
        let row = row(table, server).filter(|row| row.contains(wanted))?;
        Some(row.to_owned())
    };
    eventually(session, "servers", &format!("{server} {wanted}"), found)
}

#[test]
fn a_server_that_hangs_is_found_and_one_that_is_idle_is_left_alone() {
    let heartbeat = "heartbeat_ms = 100";
    let ways = ["loops", "deadlocks", "serves"];
    // All but the one that spins are more urgent than the shell: a server that starves looks like
    // one that hangs, and these are to come as far as they do.
    let urgent = |way| sick(way, heartbeat).replace("priority = 10", "priority = 25");
    let section = |way| if way == "loops" { sick(way, heartbeat) } else { urgent(way) };
    let sections: String = ways.into_iter().map(section).collect();
    let outcome = in_counted_time("supervision-hang", &sections, |session| {
        for server in ["sick-loops", "sick-deadlocks"] {
            let row = wait_for_row(session, server, "given up: it died 3 times")?;
            ensure!(row.contains("hang: received nothing for 100 ms"), "{row}");
            let fault = session.run(&format!("faults {server}"), COMMAND)?;
            for wanted in ["fault of", "a thread:", "rip ", "stack:", "backtrace of", "0x0000"] {
                ensure!(fault.contains(wanted), "no `{wanted}` in\n{fault}");
            }
        }
        ensure!(restarts(session, "sick-serves")? == 0, "an idle server was restarted");
        let log = session.run("faults sick-serves", COMMAND)?;
        ensure!(log.contains("no fault of `sick-serves` is known"), "{log}");
        Ok(())
    });
    // The host knows more than the system: functions, lines, and what the server said.
    let log = outcome.log_lines().join("\n");
    for wanted in [
        "sick::loops (tests/programs/sick/src/main.rs:",
        "sick::deadlocks (tests/programs/sick/src/main.rs:",
        "last lines of sick-loops:\n  [",
        "sick-loops INFO  this one loops",
    ] {
        assert!(log.contains(wanted), "no `{wanted}` in\n{log}");
    }
}

#[test]
fn each_start_is_later_until_the_cap_and_then_it_is_given_up() {
    let policy = "backoff_max_ms = 600";
    let section = sick("panics", policy)
        .replace("limit = 2", "limit = 5")
        .replace("backoff_ms = 20", "backoff_ms = 200");
    let outcome = in_counted_time("supervision-backoff", &section, |session| {
        wait_for_row(session, "sick-panics", "given up: it died 6 times")?;
        Ok(())
    });
    let lines = outcome.log_lines();
    let times = |text: &str| -> Vec<f64> {
        let told = lines.iter().filter(|line| line.contains(text));
        let time =
            |line: &String| line.trim_start_matches('[').trim().split(']').next()?.parse().ok();
        told.filter_map(time).collect()
    };
    let (deaths, starts) = (times("sick-panics died with status 101"), times("sick-panics runs"));
    assert_eq!((deaths.len(), starts.len()), (6, 6), "{lines:#?}");
    let times = deaths.iter().zip(starts.windows(2));
    for ((death, start), backoff) in times.zip([0.0, 200.0, 400.0, 600.0, 600.0]) {
        let apart = (start[1] - start[0]) * 1000.0;
        // What init logs of a start is some instructions away from it.
        assert!(apart > backoff - 1.0, "{apart} ms, not {backoff}: {deaths:?}, {starts:?}");
        // The machine is busy with other things, too, when a pause is over.
        let pause = (start[1] - death) * 1000.0;
        assert!(pause < backoff + 400.0, "{pause} ms, not {backoff}: {deaths:?}, {starts:?}");
    }
}

#[test]
fn dependents_start_after_and_again_after_those_they_depend_on() {
    let middle = "depends = [\"template\"]\non_restart = \"restart\"";
    let outer = "depends = [\"sick-serves\", \"template\"]\non_restart = \"restart\"";
    let told = "depends = [\"console\", \"template\"]\non_restart = \"tell\"";
    let sections = sick("serves", middle)
        + &sick("serves", outer).replace("[server.sick-serves]", "[server.sick-outer]")
        // More urgent than the shell: it has said what it was told before the next command runs.
        + &sick("listens", told).replace("priority = 10", "priority = 25");
    let outcome = with_sections("supervision-depends", &sections, |session| {
        session.run("crash template", COMMAND)?;
        for server in ["sick-serves", "sick-outer", "template"] {
            wait_for_restarts(session, server, 1)?;
        }
        session.run("restart sick-outer", COMMAND)?;
        wait_for_restarts(session, "sick-outer", 2)?;
        ensure!(restarts(session, "sick-serves")? == 1, "nothing depends on the outer one");
        ensure!(restarts(session, "sick-listens")? == 0, "it only wants to be told");
        expect(session, "call template greet you", &["Hello, you!"])?;
        Ok(())
    });
    let lines = outcome.log_lines();
    let place = |text: &str, nth: usize| -> usize {
        let found = lines.iter().enumerate().filter(|(_, line)| line.contains(text));
        found.map(|(index, _)| index).nth(nth).unwrap_or_else(|| panic!("{text}: {lines:#?}"))
    };
    for life in [0, 1] {
        let names = ["template", "sick-serves", "sick-outer"];
        let starts = names.map(|name| place(&format!(" {name} runs as"), life));
        assert!(starts.is_sorted(), "life {life}: {starts:?} {lines:#?}");
    }
    place("peers 10", 0);
}
