//! Ways into the kernel, hit by what may hit them at any instruction: debug exceptions,
//! non-maskable interrupts, machine checks.

use anyhow::{Result, ensure};
use qemu_harness::{Images, Outcome};
use system_tests::{COMMAND, load, logged, to_its_end, with_monitor};

fn good(result: Result<()>) {
    if let Err(error) = result {
        panic!("{error:#}");
    }
}

/// Every system call meets a breakpoint at the first instruction of its way in, with gs and
/// stack still the user's, and there a non-maskable interrupt; then two watchpoints.
fn all_entries_watched() -> Result<()> {
    let mut machine = Images::get()?.machine("entry-watched").with_counted_time(2);
    machine.append("selftest watch=entry log=debug")?;
    let outcome = to_its_end(&machine)?;
    ensure!(outcome.verdict.passed(), "{outcome}");
    let debugs = logged(&outcome, " debug exceptions")?;
    let nmis = logged(&outcome, " non-maskable interrupts")?;
    ensure!(debugs > 50_000 && nmis > 15_000, "only {debugs} and {nmis}");
    Ok(())
}

#[test]
fn exit_35_36_37_debug_exceptions_and_nmis_at_the_first_instruction() {
    good(all_entries_watched());
}

/// As many non-maskable interrupts as the monitor can make, while programs call, switch,
/// fault and are interrupted.
fn storm() -> Result<()> {
    let mut machine = Images::get()?.machine("entry-storm").with_counted_time(2);
    machine.append("selftest log=debug")?;
    let mut sent = 0;
    let outcome = with_monitor(machine, |session, monitor| {
        // The kernel counts its own before.
        session.wait_for("# user", COMMAND)?;
        while monitor.command("nmi").is_ok() {
            sent += 1;
        }
        Ok(())
    })?;
    ensure!(outcome.verdict.passed(), "{outcome}");
    let seen = logged(&outcome, " non-maskable interrupts")?;
    ensure!(sent > 1000 && seen > 500, "{sent} were sent, {seen} seen");
    Ok(())
}

#[test]
fn exit_35_37_a_storm_of_nmis_while_everything_is_tested() {
    good(storm());
}

/// A report of broken hardware: valid, uncorrected, with an address.
const REPORT: u64 = 0xbd80_0000_0000_0134;
/// The CPU's own state is damaged.
const DAMAGED: u64 = 1 << 57;
/// The interrupted code can go on; a machine check is in progress.
const CAN_GO_ON: u64 = 0b111;

/// Breaks the machine when its first program does its task: in user mode, or halted.
fn machine_check(task: &str, report: u64) -> Result<Outcome> {
    let (said, there) = if task == "spin" { ("spinning", "CPL=3") } else { ("sleeping", "HLT=1") };
    let mut machine = load(&format!("entry-check-{task}"), task)?;
    machine.append("log=debug")?;
    machine.cpus = 1;
    with_monitor(machine, |session, monitor| {
        session.wait_for(said, COMMAND)?;
        let mut tries = 0;
        while !monitor.command("info registers")?.contains(there) {
            tries += 1;
            ensure!(tries < 10_000, "the CPU never gets to {there}");
        }
        // The machine may end before it answers.
        drop(monitor.command(&format!("mce 0 9 {report:#x} {CAN_GO_ON:#x} 0x1000 0x86")));
        Ok(())
    })
}

fn machine_checks() -> Result<()> {
    let halted = machine_check("sleep", REPORT)?;
    ensure!(halted.verdict.passed(), "{halted}");
    ensure!(logged(&halted, " machine checks")? == 1, "{halted}");
    let spinning = machine_check("spin", REPORT)?;
    ensure!(spinning.verdict.to_string().contains("init ended"), "{spinning}");
    let damaged = machine_check("spin", REPORT | DAMAGED)?;
    ensure!(damaged.verdict.to_string().contains("panicked"), "{damaged}");
    ensure!(damaged.transcript.contains("exception 18"), "{damaged}");
    Ok(())
}

#[test]
fn exit_36_machine_checks_in_user_mode_and_in_the_kernel() {
    good(machine_checks());
}
