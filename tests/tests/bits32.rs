//! 32-bit programs, on the CPUs of both vendors: Intel's have SYSENTER, AMD's have SYSCALL
//! in 32-bit code. Tests that carry a number belong to a property of the exit core.

use anyhow::{Result, ensure};
use qemu_harness::Session;
use std::time::Duration;
use system_tests::{COMMAND, at_prompt, expect, restarts, wait_for_restarts, with_machine};

/// A test on a CPU that says it is of this vendor.
fn of_vendor(vendor: &str, name: &str, test: impl FnOnce(&mut Session) -> Result<()>) {
    let change = |machine: &mut qemu_harness::Machine| {
        machine.extra.extend(["-cpu".to_owned(), format!("max,vendor={vendor}")]);
        Ok(())
    };
    with_machine(name, change, test);
}

/// All checks of the program, which must have chosen this way in.
fn all_checks(session: &mut Session, way: &str) -> Result<()> {
    let report = session.run("run bits32", Duration::from_secs(60))?;
    ensure!(report.contains(&format!("the way in is {way}")), "{report}");
    ensure!(report.contains(" checks, 0 failed"), "{report}");
    let checks = report.lines().filter(|line| line.starts_with("ok ")).count();
    ensure!(checks >= 20, "only {checks} checks:\n{report}");
    // A step over SYSENTER traps in the kernel, which must live on.
    expect(session, "call template add 40 2", &["42"])?;
    expect(session, "selftest", &["0 failed"])?;
    Ok(())
}

#[test]
fn exit_42_all_ways_in_on_intel() {
    of_vendor("GenuineIntel", "bits32-intel", |session| all_checks(session, "Sysenter"));
}

#[test]
fn exit_42_all_ways_in_on_amd() {
    of_vendor("AuthenticAMD", "bits32-amd", |session| {
        all_checks(session, "Syscall")?;
        // In long mode the instruction is Intel's alone: illegal. QEMU 7.2 knows that of 64-bit
        // code only; then it is a call like any other.
        let report = session.run("run bits32 sysenter", COMMAND)?;
        let status = session.run("status", COMMAND)?;
        ensure!(report.contains("SIGILL") || status.contains('0'), "{report}{status}");
        Ok(())
    });
}

#[test]
fn exit_42_only_the_gate_on_another_vendor() {
    of_vendor("CentaurHauls", "bits32-other", |session| all_checks(session, "Gate"));
}

/// Servers and clients of both kinds, each with each.
fn all_pairs(session: &mut Session) -> Result<()> {
    for server in ["template", "template32"] {
        expect(session, &format!("call {server} greet World"), &["Hello, World!"])?;
        expect(session, &format!("call {server} greet"), &["usage"])?;
        expect(session, &format!("services {server}"), &["add(a: u64, b: u64)"])?;
        for client in ["client", "client32"] {
            let report = session.run(&format!("run {client} 1 {server}"), COMMAND)?;
            ensure!(report.contains(" 0 wrong, 0 errors"), "{client} of {server}: {report}");
            ensure!(!report.contains(" 0 right"), "{client} of {server}: {report}");
        }
    }
    expect(session, "run hello32 you", &["Hello, you!"])?;
    Ok(())
}

#[test]
fn exit_41_servers_and_clients_of_both_kinds_on_intel() {
    of_vendor("GenuineIntel", "pairs-intel", all_pairs);
}

#[test]
fn exit_41_servers_and_clients_of_both_kinds_on_amd() {
    of_vendor("AuthenticAMD", "pairs-amd", all_pairs);
}

#[test]
fn a_server_of_32_bits_is_restarted_like_any_other() {
    at_prompt("bits32-restart", |session| {
        session.run("run client32 6 template32 &", COMMAND)?;
        for crashes in 1..=3 {
            session.run("crash template32", COMMAND)?;
            wait_for_restarts(session, "template32", crashes)?;
        }
        session.wait_shown(" errors", COMMAND)?;
        let shown = session.transcript();
        ensure!(shown.contains(" right, 0 wrong, "), "{shown}");
        expect(session, "call template32 add 40 2", &["42"])?;
        ensure!(restarts(session, "template32")? == 3, "template32 was not restarted 3 times");
        Ok(())
    });
}

#[test]
fn exit_41_a_signal_reaches_a_32_bit_program() {
    at_prompt("bits32-signals", |session| {
        expect(session, "run signals32 handle TERM &", &["["])?;
        session.wait_for("waiting for SIGTERM", COMMAND)?;
        session.send_line("kill -TERM signals32")?;
        session.wait_for("was handled", COMMAND)?;
        session.settle(COMMAND)?;
        Ok(())
    });
}
