//! All checks.

use crate::outcome::Outcome;
use crate::{calls, restarts, threads};
use proc_api::Signal;
use sys::hazard::{self, Way};

/// How a check must end.
pub(crate) enum Wanted {
    /// It returns `Ok`.
    Good,
    /// Its process ends by this signal.
    Killed(Signal),
    /// As the test that asks for it says: it depends on the CPU.
    Asked,
}

/// One check.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) run: fn() -> Outcome,
    pub(crate) wanted: Wanted,
}

const fn good(name: &'static str, run: fn() -> Outcome) -> Check {
    Check { name, run, wanted: Wanted::Good }
}

const fn killed(name: &'static str, signal: Signal, run: fn() -> Outcome) -> Check {
    Check { name, run, wanted: Wanted::Killed(signal) }
}

/// The table. Numbers are those of the properties of the exit core.
pub(crate) static CHECKS: &[Check] = &[
    good("exit-41-every-way-makes-the-call", calls::every_way),
    good("exit-41-values-are-64-bits-wide", calls::wide_values),
    good("exit-41-an-interrupted-call-is-made-again", restarts::again),
    good("exit-41-a-handler-may-call-by-every-way", restarts::nested),
    good("exit-42-registers-are-kept", calls::registers_are_kept),
    good("exit-42-no-register-leaks", calls::no_register_leaks),
    good("exit-42-number-and-block-are-zero-extended", calls::zero_extended),
    good("exit-42-numbers-that-do-not-exist", calls::numbers),
    good("exit-42-bad-blocks-are-errors", calls::bad_blocks),
    good("exit-42-flags-are-the-users-own", calls::flags),
    good("exit-42-data-segments-are-back", calls::data_segments),
    good("exit-42-64-bit-calls-work-from-here", calls::wide_call),
    good("exit-42-the-gate-works-in-64-bit-code", calls::gate_in_wide_code),
    good("threads-come-and-go", threads::come_and_go),
    good("thread-pointer-of-32-bit-code", threads::pointer),
    good("upcall-on-its-own-stack-keeps-out-of-a-section", threads::one_in_a_section),
    good("shared-memory-that-is-read-only", threads::read_only),
    killed("exit-42-step-over-the-gate", Signal::TRAP, || calls::step(Way::Gate)),
    killed("exit-42-step-over-the-fast-way", Signal::TRAP, || calls::step(hazard::way())),
    killed("exit-42-a-block-that-cannot-be-written", Signal::SEGV, calls::read_only_block),
    Check { name: "sysenter", run: || calls::once(Way::Sysenter), wanted: Wanted::Asked },
    killed("read-null", Signal::SEGV, || calls::read(0)),
    killed("read-the-last-page", Signal::SEGV, || calls::read(0xffff_f000)),
    killed("a-place-beyond-32-bits", Signal::SEGV, || hazard::jump_far_away()),
];
