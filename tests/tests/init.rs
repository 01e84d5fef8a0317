//! init cannot be taken down by the servers that it starts; and when it dies, that is told.

use anyhow::{Result, bail, ensure};
use qemu_harness::{Images, Machine, Session};
use system_tests::{
    COMMAND, eventually, expect, machine_with_sections, row, server_row, to_its_end, with_machine,
};

/// Servers with a line to init that do everything to it that they can, as urgent as programs.
fn attackers() -> String {
    let section = |way| {
        format!(
            "[server.sick-{way}]\npriority = 10\npages = 1024\nhandles = 512\nobjects = 2048\n\
             threads = 4\nsupervisor = true\nargs = [\"{way}\"]\nrestart = \"never\"\n\n"
        )
    };
    let crash = "[server.sick-panics]\npriority = 10\npages = 128\nargs = [\"panics\"]\n\
         backoff_ms = 50\nbackoff_max_ms = 50\nrestart_limit = 1000\n\n";
    let observer = "[server.sick-observes]\npriority = 10\npages = 128\nobserver = true\n\
         args = [\"observes\"]\nrestart = \"never\"\n\n";
    let attackers = ["floods", "exhausts", "forges"].into_iter().map(section);
    attackers.collect::<String>() + crash + observer
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
    // All three end for good, each in its own way.
    let ended = |table: &str| {
        let ended = |way| row(table, &format!("sick-{way}")).is_some_and(|it| it.contains("ended"));
        ["exhausts", "forges", "floods"].into_iter().all(ended).then_some(())
    };
    eventually(session, "servers", "that the attackers have ended", ended)
}

/// KiB of memory and handles of init, as `ps` tells.
fn held_by_init(session: &mut Session) -> Result<(u64, u64)> {
    let table = session.run("ps", COMMAND)?;
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = rows.into_iter().find(|row| row.get(1) == Some(&"init")).unwrap_or_default();
    let [.., memory, "KiB", _threads, handles] = row[..] else { bail!("no init in\n{table}") };
    Ok((memory.parse()?, handles.parse()?))
}

#[test]
fn a_child_that_attacks_init_harms_only_itself() {
    let change = |machine: &mut Machine| {
        *machine = machine_with_sections("init-attacked", &attackers())?;
        Ok(())
    };
    let outcome = with_machine("init-attacked", change, |session| {
        attack(session)?;
        let before = held_by_init(session)?;
        for _ in 0..3 {
            attack(session)?;
        }
        let after = held_by_init(session)?;
        println!("init: {before:?} KiB and handles after one attack, {after:?} after four");
        // The one that panics may be alive or not just now.
        ensure!(after.0 <= before.0 + 64 && after.1 <= before.1 + 4, "{before:?}, {after:?}");
        for server in ["names", "console", "proc", "template", "shell"] {
            let row = server_row(session, server)?;
            ensure!(row.contains("running") && !row.contains("fault"), "{row}");
        }
        let row = server_row(session, "sick-panics")?;
        ensure!(row.contains("panic: this server always panics"), "{row}");
        Ok(())
    });
    let log = outcome.log_lines().join("\n");
    let refused = [
        "garbage was refused 200 times",
        "a forged fault was refused",
        "servers, and was refused 7 times",
    ];
    for wanted in ["floods init", "init adopted 64"].into_iter().chain(refused) {
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
