//! What scheduling contexts promise, on busy machines with 1, 2 and 4 CPUs. What is measured,
//! and the bounds, are in the program: `tests/programs/load/src/budgets.rs`.
//!
//! Shares are judged on one CPU, whose time is counted in instructions. With counted time QEMU
//! emulates several CPUs in turn, and one that waits for another takes time from all: there the
//! share is told, and judged on the hosted machine (`microkernel/src/tests/contexts.rs`).

use anyhow::{Result, ensure};
use system_tests::{load, to_its_end};

fn run(cpus: u32) -> Result<()> {
    let mut machine = load(&format!("budgets-{cpus}"), "budgets")?;
    if cpus == 1 {
        machine = machine.with_counted_time(5);
        machine.append("judge=yes")?;
    }
    machine.cpus = cpus;
    machine.memory_mib = 128;
    let outcome = to_its_end(&machine)?;
    ensure!(outcome.verdict.passed(), "{outcome}");
    for line in outcome.transcript.lines().filter(|line| line.starts_with("budgets")) {
        println!("{cpus} CPUs: {line}");
    }
    Ok(())
}

#[test]
fn budgets_hold_and_a_chain_is_as_urgent_as_its_client() {
    for cpus in [1, 2, 4] {
        if let Err(error) = run(cpus) {
            panic!("{cpus} CPUs: {error:#}");
        }
    }
}
