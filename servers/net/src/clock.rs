//! Times, as smoltcp has them.

use smoltcp::time::Instant;

/// Now: microseconds since boot.
pub(crate) fn now() -> Instant {
    Instant::from_micros(i64::try_from(sys::clock() / 1_000).unwrap_or(i64::MAX))
}

/// The nanoseconds from now to then; 0 when it has passed.
pub(crate) fn until(then: Instant) -> u64 {
    let micros = then.total_micros().saturating_sub(now().total_micros());
    u64::try_from(micros).unwrap_or(0).saturating_mul(1_000)
}
