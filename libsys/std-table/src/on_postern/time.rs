//! The time of day. Ticks of the library are the kernel's nanoseconds since boot.

use super::startup::names;
use clock_api::ClockClient;
use core::sync::atomic::{AtomicU64, Ordering};

/// When the machine was booted, in nanoseconds since 1970; 0: not asked yet.
static BOOTED_AT_NS: AtomicU64 = AtomicU64::new(0);

/// Nanoseconds since 1970 of a tick; without an answer of `clock`, since the boot.
pub(super) fn of_tick(tick: u64) -> u128 {
    let mut booted_at = BOOTED_AT_NS.load(Ordering::Relaxed);
    if booted_at == 0 {
        booted_at = ask().unwrap_or(0);
        BOOTED_AT_NS.store(booted_at, Ordering::Relaxed);
    }
    u128::from(booted_at) + u128::from(tick)
}

fn ask() -> Option<u64> {
    let clock = ClockClient::connect(&names().ok()?).ok()?;
    clock.booted_at().ok()
}
