//! init cannot be taken down by the servers that it starts; and when it dies, that is told.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is missing")]

use anyhow::{Result, ensure};
use qemu_harness::{Images, Machine, Session};
use system_tests::{COMMAND, expect, machine_with_sections, server_row, to_its_end, with_machine};

/// Servers with a line to init that do everything to it that they can, as urgent as the shell.
fn attackers() -> String {
    let ways = [("floods", "never"), ("exhausts", "never"), ("forges", "never")];
    let section = |(way, restart)| {
        format!(
            "[server.sick-{way}]\npriority = 20\npages = 1024\nhandles = 512\nobjects = 2048\n\
             threads = 4\nsupervisor = true\nargs = [\"{way}\"]\nrestart = \"{restart}\"\n\n"
        )
    };
    let crash = "[server.sick-panics]\npriority = 20\npages = 128\nargs = [\"panics\"]\n\
         backoff_ms = 1\nbackoff_max_ms = 1\nrestart_limit = 1000\n\n";
    ways.into_iter().map(section).collect::<String>() + crash
}

/// One more life of each attacker, and the end of the flood.
fn attack(session: &mut Session) -> Result<()> {
    for way in ["exhausts", "forges", "floods"] {
        session.run(&format!("restart sick-{way}"), COMMAND)?;
    }
    for round in 0..5 {
        expect(session, &format!("call template add {round} 40"), &[&(round + 40).to_string()])?;
        expect(session, "run hello", &["Hello, world!"])?;
    }
    session.run("kill -9 sick-floods", COMMAND)?;
    session.run("sleep 1", COMMAND)?;
    Ok(())
}

/// What init holds: its pages, handles and threads, as `ps` tells.
fn held_by_init(session: &mut Session) -> Result<String> {
    let table = session.run("ps", COMMAND)?;
    let row = table.lines().find(|line| line.split_whitespace().any(|word| word == "init"));
    let row = row.unwrap_or_default();
    ensure!(row.contains("running"), "init does not run:\n{table}");
    Ok(table)
}

#[test]
fn a_child_that_attacks_init_harms_only_itself() {
    let change = |machine: &mut Machine| {
        *machine = machine_with_sections("init-attacked", &attackers())?;
        Ok(())
    };
    let outcome = with_machine("init-attacked", change, |session| {
        for _ in 0..3 {
            attack(session)?;
        }
        println!("{}", held_by_init(session)?);
        for server in ["names", "console", "proc", "template", "shell"] {
            let row = server_row(session, server)?;
            ensure!(row.contains("running") && !row.contains("fault"), "{row}");
        }
        let row = server_row(session, "sick-panics")?;
        ensure!(row.contains("panic: this server always panics"), "{row}");
        let row = server_row(session, "sick-forges")?;
        ensure!(row.contains("ended with status 137"), "who tells of a fault ends: {row}");
        Ok(())
    });
    let log = outcome.log_lines().join("\n");
    for wanted in ["floods init", "garbage was refused 200 times", "init adopted 64"] {
        assert!(log.contains(wanted), "the log does not tell `{wanted}`\n{log}");
    }
    assert!(!log.contains("was survived"), "a forged fault was survived\n{log}");
}

#[test]
fn the_kernel_tells_of_the_first_programs_death() {
    let mut machine = Images::get().expect("images").machine("init-dies");
    machine.append("init=hello").expect("a word");
    let outcome = to_its_end(&machine).expect("a run");
    assert_eq!(outcome.verdict.to_string(), "failed: init ended", "{outcome}");
    let said = "the first program died with status 1";
    assert!(outcome.transcript.contains(said), "{outcome}");
    assert!(outcome.log_lines().iter().any(|line| line.contains(said)), "{outcome}");
}
