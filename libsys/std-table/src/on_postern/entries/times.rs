//! Time.

use super::super::{foreign, time};

/// Ticks in a second: an entry that is a number.
pub(in super::super) const TICKS_IN_SECOND: u64 = 1_000_000_000;

pub(in super::super) extern "C" fn instant_now() -> u64 {
    sys::clock()
}

/// A number of ticks in nanoseconds: the halves of a number of 128 bits.
pub(in super::super) unsafe extern "C" fn ticks_to_nanos(
    ticks: u64,
    high: *mut u64,
    low: *mut u64,
) {
    // SAFETY: the library passes references to two numbers.
    unsafe { put_wide(u128::from(ticks), high, low) };
}

pub(in super::super) extern "C" fn nanos_to_ticks(nanos: u64) -> u64 {
    nanos
}

/// The time of day of a tick.
pub(in super::super) unsafe extern "C" fn abs_ticks_to_nanos(
    ticks: u64,
    high: *mut u64,
    low: *mut u64,
) {
    // SAFETY: the library passes references to two numbers.
    unsafe { put_wide(time::of_tick(ticks), high, low) };
}

/// # Safety
/// Both places are a number that only this call uses.
unsafe fn put_wide(number: u128, high: *mut u64, low: *mut u64) {
    let low_half = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
    let high_half = u64::try_from(number >> u64::BITS).unwrap_or(0);
    // SAFETY: the caller's duty.
    unsafe {
        foreign::put(high, high_half);
        foreign::put(low, low_half);
    }
}
