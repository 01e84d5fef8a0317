//! What the gate costs others, on machines whose nanosecond is an instruction.

use anyhow::{Result, ensure};
use qemu_harness::Outcome;
use system_tests::{load, to_its_end};

/// Runs a task to its good end.
fn run(task: &str, doublings: u32) -> Result<Outcome> {
    let mut machine = load(&format!("load-{task}"), task)?.with_counted_time(doublings);
    machine.cpus = 1;
    machine.memory_mib = 256;
    let outcome = to_its_end(&machine)?;
    ensure!(outcome.verdict.passed(), "{outcome}");
    for line in outcome.transcript.lines().filter(|line| line.starts_with(task)) {
        println!("{line}");
    }
    Ok(outcome)
}

fn good(result: Result<Outcome>) {
    if let Err(error) = result {
        panic!("{error:#}");
    }
}

/// The bound and its reason are in the program: `tests/programs/load/src/latency.rs`.
#[test]
fn exit_04_a_timer_is_late_by_one_piece_of_work_at_most() {
    good(run("latency", 0));
}

#[test]
fn exit_22_one_thread_without_timers_is_not_interrupted_for_ten_seconds() {
    good(run("quiet", 6));
}
