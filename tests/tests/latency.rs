//! What the gate costs others, on machines whose nanosecond is an instruction.

use anyhow::{Result, bail, ensure};
use qemu_harness::Outcome;
use system_tests::{load, to_its_end};

/// Runs a task to its good end.
fn run(task: &str, doublings: u32) -> Result<Outcome> {
    run_with(task, "", doublings)
}

fn run_with(task: &str, words: &str, doublings: u32) -> Result<Outcome> {
    // Scenes run side by side, so each has files of its own.
    let name = format!("load-{task}{}", words.replace("scene=", "-"));
    let mut machine = load(&name, task)?.with_counted_time(doublings);
    machine.append(words)?;
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

/// Plays a scene of `tests/programs/load/src/holds.rs`, which makes large what the kernel goes
/// through: it is held for a bounded number of instructions all the same.
fn holds(scene: &str) {
    let bounded = || {
        let outcome = run_with("holds", &format!("scene={scene}"), 0)?;
        println!("{scene}: {:?}", outcome.longest_hold());
        if let Some(failure) = outcome.hold_failure() {
            bail!("{scene}: {failure}");
        }
        Ok(outcome)
    };
    good(bounded());
}

#[test]
fn the_kernel_is_held_shortly_while_10000_bad_senders_fail() {
    holds("senders");
}

#[test]
fn the_kernel_is_held_shortly_when_an_endpoint_of_10000_senders_ends() {
    holds("endpoint");
}

#[test]
fn the_kernel_is_held_shortly_by_the_longest_messages() {
    holds("messages");
}

#[test]
fn the_kernel_is_held_shortly_by_a_process_of_1000_threads() {
    holds("crowd");
}

#[test]
fn the_kernel_is_held_shortly_by_400_shares_of_one_priority() {
    holds("shares");
}

#[test]
fn the_kernel_is_held_shortly_for_all_that_devices_have() {
    holds("devices");
}

#[test]
fn the_kernel_is_held_shortly_by_10000_mappings() {
    holds("regions");
}

#[test]
fn the_kernel_is_held_shortly_when_a_range_splits_large_pages() {
    holds("protect");
}

#[test]
fn the_kernel_is_held_shortly_by_an_object_of_4000_single_frames() {
    holds("frames");
}

#[test]
fn the_kernel_is_held_shortly_when_a_process_of_1000_handles_ends() {
    holds("handles");
}
