//! Servers that cannot run, and systems that cannot reach their prompt: both say why.

use anyhow::{Result, bail, ensure};
use manifest::{Ports, System};
use qemu_harness::{Images, Machine, Verdict};
use system_tests::{
    BOOT, COMMAND, expect, machine_with_changes, server_row, to_its_end, with_machine,
};

/// Server `sick-NAME` with these keys; it would wait for ever.
fn server(name: &str, keys: &str) -> String {
    format!("[server.sick-{name}]\npriority = 10\npages = 128\nrestart = \"never\"\n{keys}\n\n")
}

/// What only this machine does not have; and, past the check, what no machine has.
fn refused() -> Result<Machine> {
    let ram = "memory = [{ name = \"window\", address = 0x5000000, pages = 1 }]";
    let sections = server("ram", ram) + &server("ports", "") + &server("well", "");
    machine_with_changes("prompt-refused", &sections, |system| {
        for it in system.servers.iter_mut().filter(|it| it.name == "sick-ports") {
            it.ports.push(Ports { name: "timer".into(), first: 0x40, count: 1 });
        }
    })
}

#[test]
fn a_server_that_the_kernel_refuses_is_given_up_and_the_rest_goes_on() {
    let change = |machine: &mut Machine| {
        *machine = refused()?;
        Ok(())
    };
    with_machine("prompt-refused", change, |session| {
        let ram = server_row(session, "sick-ram")?;
        let wanted = "`memory` of [server.sick-ram]: `window`, 0x5000000 to 0x5000fff";
        ensure!(ram.contains("given up") && ram.contains(wanted), "{ram}");
        let ports = server_row(session, "sick-ports")?;
        let wanted = "`ports` of [server.sick-ports]: `timer`, 0x40 to 0x40: the kernel keeps it";
        ensure!(ports.contains("given up") && ports.contains(wanted), "{ports}");
        expect(session, "restart sick-ports", &["`ports` of [server.sick-ports]"])?;
        expect(session, "run hello", &["Hello, world!"])?;
        Ok(())
    });
}

/// Boots, with the prompt or the end as the answer: whether it was the prompt, all that was
/// shown, the verdict where it ended by itself.
fn prompt_or_end(machine: &Machine) -> Result<(bool, String, Option<Verdict>)> {
    let mut session = machine.start()?;
    if session.wait_prompt(BOOT).is_ok() {
        let answer = session.run("run hello", COMMAND)?;
        session.send_line("shutdown 0")?;
        let outcome = session.finish(BOOT);
        ensure!(outcome.verdict.passed(), "{outcome}");
        let known = answer.contains("Hello, world!") || outcome.transcript.contains("does not run");
        ensure!(known, "no program runs, and nothing says why\n{outcome}");
        return Ok((true, outcome.transcript, None));
    }
    ensure!(session.closed(), "neither a prompt nor an end\n{}", session.transcript());
    let outcome = session.finish(BOOT);
    Ok((false, outcome.transcript, Some(outcome.verdict)))
}

#[test]
fn too_little_memory_gives_a_prompt_or_a_reason() -> Result<()> {
    for mib in [16, 20, 25, 26, 28, 30] {
        let mut machine = Images::get()?.machine(&format!("prompt-{mib}"));
        machine.memory_mib = mib;
        let (prompt, shown, verdict) = prompt_or_end(&machine)?;
        println!("{mib} MiB: {}", if prompt { "a prompt" } else { "an end" });
        match verdict {
            None => {}
            Some(Verdict::Failed { why, .. }) => {
                ensure!(shown.contains("memory"), "{mib} MiB: {why}, but no reason:\n{shown}");
            }
            Some(verdict) => bail!("{mib} MiB: {verdict}\n{shown}"),
        }
    }
    Ok(())
}

/// Boots with a server that has too few pages to live.
fn starved(server: &str) -> Result<()> {
    let starve = |system: &mut System| {
        for it in system.servers.iter_mut().filter(|it| it.name == server) {
            it.limits.pages = 16;
        }
    };
    let machine = machine_with_changes(&format!("prompt-no-{server}"), "", starve)?;
    let outcome = to_its_end(&machine)?;
    let wanted = "failed: the system cannot reach its prompt";
    ensure!(outcome.verdict.to_string() == wanted, "{outcome}");
    let cause = format!("`pages` of [server.{server}]");
    ensure!(outcome.transcript.contains(&cause), "no `{cause}`:\n{outcome}");
    Ok(())
}

#[test]
fn a_system_without_a_shell_says_why_and_ends() -> Result<()> {
    starved("shell")
}

#[test]
fn a_system_without_a_console_says_why_and_ends() -> Result<()> {
    starved("console")
}

#[test]
fn a_shell_that_may_not_use_the_console_says_why_and_ends() -> Result<()> {
    let machine = machine_with_changes("prompt-refused-shell", "", |system| {
        for it in system.servers.iter_mut().filter(|it| it.name == "console") {
            it.clients.retain(|client| client != "shell");
        }
    })?;
    let outcome = to_its_end(&machine)?;
    ensure!(outcome.verdict.to_string().contains("cannot reach its prompt"), "{outcome}");
    ensure!(outcome.transcript.contains("shell: given up"), "{outcome}");
    let complaints = outcome.log_lines().iter().filter(|line| line.contains("console")).count();
    ensure!(complaints < 100, "{complaints} lines hide the cause\n{outcome}");
    Ok(())
}
