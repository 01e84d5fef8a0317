//! The deadline timer of this CPU: the local interrupt controller's, set by time since boot.

use super::super::cpu::features::features;
use super::super::cpu::lapic;
use super::super::time;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core_kernel::logic::rate::{Reference, Window};
use x86_64::registers::model_specific::Msr;

const MSR_DEADLINE: u32 = 0x6e0;
const NS_PER_SECOND: u64 = 1_000_000_000;

/// Timer ticks in 2^32 nanoseconds.
static TICKS_PER_NS: AtomicU64 = AtomicU64::new(0);

/// The rate that [`calibrate`] measures stamps by, in ticks a second of an assumed timer.
const AS_IF_HZ: u64 = 1_000_000_000;
/// Windows, as parts of a second.
const PART: u64 = 500;

/// Measures the timer's rate by time stamps, whose rate is `stamp_hz`; a timer with a
/// deadline in time stamps needs none of this. False: it does not count.
pub(crate) fn calibrate(stamp_hz: u64) -> bool {
    if features().deadline_timer {
        return true;
    }
    lapic::mask_timer(true);
    lapic::set_counter(u32::MAX);
    let reference = Reference { hz: AS_IF_HZ, mask: u64::from(u32::MAX) };
    let found = reference.measure(Window::Stamps(stamp_hz / PART), || {
        // It counts down.
        time::reading(|| u64::from(!lapic::counter()))
    });
    lapic::set_counter(0);
    lapic::mask_timer(false);
    let Some(found) = found else { return false };
    if !found.agreed {
        defmt::warn!("timer: perhaps too fast or too slow: the measurements do not agree");
    }
    let hz = u128::from(stamp_hz) * u128::from(AS_IF_HZ) / u128::from(found.hz.max(1));
    let ticks = (hz << 32) / u128::from(NS_PER_SECOND);
    TICKS_PER_NS.store(u64::try_from(ticks).unwrap_or(u64::MAX).max(1), Relaxed);
    true
}

/// The timer interrupts once at this time, or a little later; at once if it is past.
/// A time that the counter cannot reach interrupts early, and the core sets it again.
pub(crate) fn set(deadline_ns: Option<u64>) {
    if features().deadline_timer {
        // ORDER: the mode set through memory in `lapic::enable` must be there before the register
        // is written (SDM 3A, 11.5.4.1); nothing else here is ordered by it.
        core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
        // 0 disarms.
        let stamp = deadline_ns.map_or(0, |deadline| time::stamp_at(deadline).max(1));
        // SAFETY: the CPU has this register; it only sets the timer.
        return unsafe { Msr::new(MSR_DEADLINE).write(stamp) };
    }
    let count = deadline_ns.map_or(0, |deadline| ticks_until(deadline, time::now_ns()));
    lapic::set_counter(count);
}

/// Rounded up, so that it does not interrupt before the deadline; 0 would disarm.
fn ticks_until(deadline_ns: u64, now_ns: u64) -> u32 {
    let left = u128::from(deadline_ns.saturating_sub(now_ns));
    let ticks = (left * u128::from(TICKS_PER_NS.load(Relaxed))) >> 32;
    u32::try_from(ticks + 1).unwrap_or(u32::MAX)
}
