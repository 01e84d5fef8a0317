//! Interrupts and timers that wake a thread more urgent than the one that runs.

use crate::meter::Meter;
use crate::settings::{PRIORITY, QUOTA, URGENT};
use crate::shared::Stamp;
use core::sync::atomic::{AtomicU64, Ordering};
use rt::Failure;
use sys::hazard::ticks;
use sys::{Error, FOREVER, Irq, Notification, Ports, Rights, Timer};

/// Operations of [`wakes`].
pub(crate) const WAKES: &[&str] = &["interrupt-to-driver", "timer-to-thread", "timer-lateness"];

const TIMES: usize = 1_000;
/// Until a timer: time for the other thread to run again.
const PAUSE_NS: u64 = 50_000;

/// The real-time clock: its ports and line, registers, bits.
const CLOCK_PORT: u16 = 0x70;
const CLOCK_LINE: u8 = 8;
const REGISTER_A: u8 = 0x0a;
const REGISTER_B: u8 = 0x0b;
const REGISTER_C: u8 = 0x0c;
/// 32,768 Hz for the divider, 8,192 interrupts a second.
const RATE: u8 = 0x23;
const HOURS_24: u8 = 1 << 1;
const PERIODIC: u8 = 1 << 6;

/// From an instruction of a thread in another space to the first one of the thread that waits.
pub(crate) fn wakes(meter: &Meter<'_>) -> Result<(), Failure> {
    let [interrupt, timer, lateness] = WAKES else { return Err("three rows".into()) };
    let stamp = Stamp::create()?;
    let handles = [("stamp", stamp.memory.as_handle(), Rights::ALL, 0)];
    let other = meter.machine.child(&["spin"], QUOTA, &handles, None)?;
    sys::set_own_priority(URGENT)?;
    if meter.wants(interrupt) {
        interrupts(meter, interrupt, stamp.place()?)?;
    }
    timers(meter, timer, lateness, stamp.place()?)?;
    sys::set_own_priority(PRIORITY)?;
    other.stop()
}

/// The periodic interrupt of the real-time clock.
fn interrupts(meter: &Meter<'_>, row: &str, running: &AtomicU64) -> Result<(), Failure> {
    let clock = Ports::create(meter.machine.resource(), CLOCK_PORT, 2)?;
    let bell = Notification::create()?;
    let irq = Irq::create(meter.machine.resource(), CLOCK_LINE, &bell, 1)?;
    let write = |register: u8, value: u8| {
        clock.write_u8(0, register)?;
        clock.write_u8(1, value)
    };
    let serve = || {
        clock.write_u8(0, REGISTER_C)?;
        clock.read_u8(1)?;
        irq.ack()
    };
    write(REGISTER_A, RATE)?;
    write(REGISTER_B, HOURS_24 | PERIODIC)?;
    serve()?;
    meter.each(row, TIMES, |watch| {
        watch.around(|| bell.wait(FOREVER)).1?;
        let took = ticks().saturating_sub(running.load(Ordering::Relaxed));
        serve()?;
        Ok::<_, Error>(took)
    })?;
    Ok(write(REGISTER_B, HOURS_24)?)
}

/// A timer: how long from the interrupted thread, and how late by the clock, one call of which
/// is included.
fn timers(meter: &Meter<'_>, row: &str, late: &str, running: &AtomicU64) -> Result<(), Failure> {
    let bell = Notification::create()?;
    let timer = Timer::create(&bell, 1)?;
    let arm = || {
        let deadline = sys::clock() + PAUSE_NS;
        timer.arm(deadline).map(|()| deadline)
    };
    meter.each(row, TIMES, |watch| {
        arm()?;
        watch.around(|| bell.wait(FOREVER)).1?;
        Ok::<_, Error>(ticks().saturating_sub(running.load(Ordering::Relaxed)))
    })?;
    meter.each(late, TIMES, |watch| {
        let deadline = arm()?;
        watch.around(|| bell.wait(FOREVER)).1?;
        Ok::<_, Error>(sys::clock().saturating_sub(deadline))
    })
}
