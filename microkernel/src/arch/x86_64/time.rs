//! Time since boot, from the time-stamp counter.

mod reference;

use super::cpu::features::features;
use super::debug::fail;
use super::registers::Registers;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core_kernel::logic::clock::Clock;
use core_kernel::logic::rate::{Choice, Estimate, choose};
pub(crate) use reference::reading;
use reference::{Counter, Hpet};
use spin::Once;

/// How time stamps become nanoseconds: the fields of a [`Clock`], all 0 before [`init`]. They
/// change in [`check_again`] for the last time, before another CPU reads them.
static START: AtomicU64 = AtomicU64::new(0);
static NS: AtomicU64 = AtomicU64::new(0);
static STAMPS: AtomicU64 = AtomicU64::new(0);

/// What the clock was set by, where that was a measurement.
static MEASURED: Once<(Counter, Estimate)> = Once::new();

fn clock() -> Clock {
    Clock { start: START.load(Relaxed), ns: NS.load(Relaxed), stamps: STAMPS.load(Relaxed) }
}

fn set_clock(clock: Clock) {
    START.store(clock.start, Relaxed);
    NS.store(clock.ns, Relaxed);
    STAMPS.store(clock.stamps, Relaxed);
}

/// Reads the time-stamp counter, not before what comes before it in the program.
pub(crate) fn stamp() -> u64 {
    // Not by `_mm_lfence`, which would be a call: the kernel is compiled without SSE2.
    // SAFETY: both instructions are there on every x86_64 and touch no memory.
    unsafe {
        core::arch::asm!("lfence", options(nostack, preserves_flags));
        core::arch::x86_64::_rdtsc()
    }
}

/// The same, wherever in the program the CPU likes to read it: for sums of many short times.
pub(crate) fn ticks() -> u64 {
    let stamp: u64;
    // Not by `_rdtsc`, for which the compiler reads again all that it knows of memory.
    // SAFETY: the instruction is there on every x86_64 and touches no memory.
    unsafe {
        core::arch::asm!(
            "rdtsc",
            "shl rdx, 32",
            "or rax, rdx",
            out("rax") stamp,
            out("rdx") _,
            options(nomem, nostack),
        );
    }
    stamp
}

/// Starts the clock. Returns the time stamps per second.
pub(crate) fn init(hpet: Option<Registers>) -> u64 {
    let start = stamp();
    let hpet = hpet.and_then(Hpet::start);
    let measured = Counter::all(hpet).into_iter().flatten().find_map(|counter| {
        let found = counter.measure()?;
        Some((counter, found))
    });
    let choice = choose(features().tsc_hz, measured.as_ref().map(|(_, found)| found));
    let Some(hz) = choice.hz() else {
        fail(format_args!(
            "nothing tells the time: the CPU does not tell the rate of its time-stamp counter, and \
             neither an HPET nor an 8254 timer counts"
        ))
    };
    tell(choice);
    set_clock(Clock::new(start, hz));
    if let Some(measured) = measured.filter(|_| !matches!(choice, Choice::Told(_))) {
        MEASURED.call_once(|| measured);
    }
    hz
}

fn tell(choice: Choice) {
    match choice {
        Choice::Told(hz) => defmt::debug!("clock: {=u64} stamps a second, as told", hz),
        Choice::Measured(hz) => defmt::debug!("clock: {=u64} stamps a second, measured", hz),
        Choice::Against { measured, told } => defmt::warn!(
            "clock: {=u64} stamps a second were measured, {=u64} told: the first is used",
            measured,
            told
        ),
        Choice::Doubtful(hz) => {
            defmt::warn!("clock: perhaps {=u64} stamps a second: the measurements do not agree", hz)
        }
        Choice::Unknown => {}
    }
    if !features().tsc_invariant {
        defmt::warn!(
            "clock: the time-stamp counter is not invariant: the time is wrong whenever the CPU \
             changes its speed"
        );
    }
}

/// Compares the clock with what it was set by, over all the time since then, and makes it more
/// exact. To be called once, while the other CPUs do not run the core yet: the time may jump by
/// what it was off.
pub(crate) fn check_again() {
    let Some((counter, estimate)) = MEASURED.get() else { return };
    match counter.refine(estimate) {
        Some(found) => set_clock(Clock::new(START.load(Relaxed), found.hz)),
        None => defmt::warn!(
            "clock: {=u64} stamps a second do not fit the time since boot: it may be wrong",
            estimate.hz
        ),
    }
}

/// Time stamps as nanoseconds; 0 before [`init`].
pub(crate) fn ns_of(stamps: u64) -> u64 {
    Clock { ns: NS.load(Relaxed), ..Clock::default() }.ns_of(stamps)
}

/// Nanoseconds as time stamps; 0 before [`init`].
pub(crate) fn ticks_of(ns: u64) -> u64 {
    Clock { stamps: STAMPS.load(Relaxed), ..Clock::default() }.stamps_of(ns)
}

/// Nanoseconds since boot; 0 before [`init`].
pub(crate) fn now_ns() -> u64 {
    clock().at(stamp())
}

/// The time stamp at a time, rounded up.
pub(crate) fn stamp_at(ns: u64) -> u64 {
    clock().stamp_at(ns)
}
