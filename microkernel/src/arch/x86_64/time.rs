//! Time since boot, from the time-stamp counter.

use super::cpu::features::features;
use super::irq::lapic;
use super::ports;
use spin::Once;

/// How time stamps become nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// The stamp at time 0.
    start: u64,
    /// Nanoseconds in 2^32 stamps.
    ns: u64,
    /// Stamps in 2^32 nanoseconds.
    stamps: u64,
}

static CLOCK: Once<Clock> = Once::new();

const NS_PER_SECOND: u64 = 1_000_000_000;
/// Long enough for an error below 0.02 percent, short enough not to be felt.
const CALIBRATION_NS: u64 = 5_000_000;

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

/// Starts the clock and measures the timer's speed by it.
pub(crate) fn init() {
    let start = stamp();
    let hz = features().tsc_hz.unwrap_or_else(measure_stamps).max(1);
    let ns = scaled(NS_PER_SECOND, hz);
    CLOCK.call_once(|| Clock { start, ns, stamps: scaled(hz, NS_PER_SECOND) });
    lapic::calibrate(|| {
        let begin = now_ns();
        while now_ns() - begin < CALIBRATION_NS {
            core::hint::spin_loop();
        }
        now_ns() - begin
    });
}

fn scaled(value: u64, by: u64) -> u64 {
    u64::try_from((u128::from(value) << 32) / u128::from(by)).unwrap_or(u64::MAX)
}

fn multiply(value: u64, scale: u64) -> u64 {
    u64::try_from((u128::from(value) * u128::from(scale)) >> 32).unwrap_or(u64::MAX)
}

/// The same for what fits.
#[expect(clippy::cast_possible_truncation, reason = "500 years are less than 2^64 nanoseconds")]
fn multiply_short(value: u64, scale: u64) -> u64 {
    ((u128::from(value) * u128::from(scale)) >> 32) as u64
}

/// Time stamps as nanoseconds; 0 before [`init`].
pub(crate) fn ns_of(stamps: u64) -> u64 {
    CLOCK.get().map_or(0, |clock| multiply_short(stamps, clock.ns))
}

/// Nanoseconds as time stamps; 0 before [`init`].
pub(crate) fn ticks_of(ns: u64) -> u64 {
    CLOCK.get().map_or(0, |clock| multiply(ns, clock.stamps))
}

/// Nanoseconds since boot; 0 before [`init`].
pub(crate) fn now_ns() -> u64 {
    CLOCK.get().map_or(0, |clock| multiply_short(stamp().wrapping_sub(clock.start), clock.ns))
}

/// The time stamp at a time, rounded up.
pub(crate) fn stamp_at(ns: u64) -> u64 {
    CLOCK.get().map_or(0, |clock| clock.start.saturating_add(multiply(ns, clock.stamps) + 1))
}

const PIT_HZ: u64 = 1_193_182;
const PIT_COMMAND: u16 = 0x43;
const PIT_CHANNEL_2: u16 = 0x42;
const SPEAKER: u16 = 0x61;
const SPEAKER_GATE: u8 = 1;
const SPEAKER_SOUND: u8 = 2;
/// Channel 2, both bytes, count down once.
const COUNT_DOWN: u8 = 0b1011_0000;
/// Channel 2, latch the count.
const LATCH: u8 = 0b1000_0000;

/// Stamps per second, measured against the old timer's channel 2.
///
/// Source: Intel 8254, "Mode 0" and "Counter Latch Command".
fn measure_stamps() -> u64 {
    let speaker = ports::read::<u8>(SPEAKER) & !SPEAKER_SOUND;
    ports::write(SPEAKER, speaker | SPEAKER_GATE);
    ports::write(PIT_COMMAND, COUNT_DOWN);
    ports::write(PIT_CHANNEL_2, 0xff_u8);
    ports::write(PIT_CHANNEL_2, 0xff_u8);
    let wanted = PIT_HZ * CALIBRATION_NS / NS_PER_SECOND;
    let (begin, first) = pit_count();
    loop {
        let (end, count) = pit_count();
        let ticks = u64::from(first.wrapping_sub(count));
        if ticks >= wanted {
            return (end - begin) * PIT_HZ / ticks;
        }
    }
}

/// The count, and the stamp at which it was latched.
fn pit_count() -> (u64, u16) {
    let before = stamp();
    ports::write(PIT_COMMAND, LATCH);
    let after = stamp();
    let low = ports::read::<u8>(PIT_CHANNEL_2);
    let high = ports::read::<u8>(PIT_CHANNEL_2);
    (before.midpoint(after), u16::from_le_bytes([low, high]))
}
