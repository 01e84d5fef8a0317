//! What the load counts.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A counter with its name.
pub(super) struct Counter(pub(super) &'static str, pub(super) AtomicU64);

impl Counter {
    const fn new(name: &'static str) -> Self {
        Self(name, AtomicU64::new(0))
    }

    pub(super) fn add(&self) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) static CALLS: Counter = Counter::new("calls answered");
pub(super) static SLEEPS: Counter = Counter::new("sleeps");
pub(super) static TIMERS: Counter = Counter::new("timers");
pub(super) static UPCALLS: Counter = Counter::new("children with upcalls that ended well");
pub(super) static MIGRATIONS: Counter = Counter::new("changes of CPU");
pub(super) static BIRTHS: Counter = Counter::new("children");
pub(super) static KILLS: Counter = Counter::new("kills");
pub(super) static SUSPENDS: Counter = Counter::new("suspends");
pub(super) static PEEKS: Counter = Counter::new("registers read and written");
pub(super) static WATCHES: Counter = Counter::new("watchpoints");
pub(super) static FAULTS: Counter = Counter::new("faults");
/// Children and threads that saw what they must not see.
pub(super) static WRONG: Counter = Counter::new("violations seen by programs");

pub(super) static ALL: [&Counter; 11] = [
    &CALLS,
    &SLEEPS,
    &TIMERS,
    &UPCALLS,
    &MIGRATIONS,
    &BIRTHS,
    &KILLS,
    &SUSPENDS,
    &PEEKS,
    &WATCHES,
    &FAULTS,
];

/// Set when the threads must end.
pub(super) static STOP: AtomicBool = AtomicBool::new(false);
