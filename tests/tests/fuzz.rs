//! The short form of `cargo xtask fuzz`.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is missing")]

use qemu_harness::{Fuzz, Images};

/// System calls of each run.
const CALLS: u64 = 300_000;

fn short_form(cpus: u32) {
    let images = Images::get().expect("what was built");
    let fuzzed = Fuzz { calls: CALLS, seed: 12, cpus }.run(&images, None).expect("a machine");
    assert_eq!(fuzzed.failure, None, "on {cpus} CPUs");
}

#[test]
fn random_calls_on_one_cpu_leave_nothing_behind() {
    short_form(1);
}

#[test]
fn random_calls_on_two_cpus_leave_nothing_behind() {
    short_form(2);
}
