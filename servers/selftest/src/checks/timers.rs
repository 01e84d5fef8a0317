//! Timers: bits at a deadline.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after};
use alloc::vec::Vec;
use sys::{Error, Notification, Timer};

pub(super) const CHECKS: &[Check] = &[
    ("timer-fires-at-its-deadline", fires),
    ("timer-fires-once", fires_once),
    ("timer-past-deadline-fires-at-once", past),
    ("timer-arming-again-replaces-deadline", replaced),
    ("timer-disarmed-timer-does-not-fire", disarmed),
    ("timer-closed-timer-does-not-fire", closed),
    ("timer-many-timers-fire-in-order", in_order),
];

fn timer() -> Result<(Notification, Timer), Error> {
    let bell = Notification::create()?;
    let timer = Timer::create(&bell, 0b100)?;
    Ok((bell, timer))
}

fn fires(bench: &Bench) -> Outcome {
    let (bell, timer) = timer()?;
    let deadline = after(10_000_000);
    timer.arm(deadline)?;
    bench.same("bits", bell.wait(after(SOON_NS))?, 0b100)?;
    bench.hold("not early", sys::clock() >= deadline)
}

fn fires_once(bench: &Bench) -> Outcome {
    let (bell, timer) = timer()?;
    timer.arm(after(1_000_000))?;
    bell.wait(after(SOON_NS))?;
    bench.refused("a second time", bell.wait(after(10_000_000)), Error::TimedOut)
}

fn past(bench: &Bench) -> Outcome {
    let (bell, timer) = timer()?;
    timer.arm(1)?;
    bench.same("bits", bell.wait(after(SOON_NS))?, 0b100)
}

fn replaced(bench: &Bench) -> Outcome {
    let (bell, timer) = timer()?;
    timer.arm(after(100_000_000))?;
    timer.arm(after(400_000_000))?;
    bench.refused("the first deadline", bell.wait(after(200_000_000)), Error::TimedOut)?;
    bench.same("the second one", bell.wait(after(SOON_NS))?, 0b100)
}

fn disarmed(bench: &Bench) -> Outcome {
    stays_quiet(bench, |timer| timer.disarm().map(|()| Some(timer)))
}

fn closed(bench: &Bench) -> Outcome {
    stays_quiet(bench, |timer| {
        drop(timer);
        Ok(None)
    })
}

/// A timer that was armed and stopped before it was due.
fn stays_quiet(bench: &Bench, stop: fn(Timer) -> Result<Option<Timer>, Error>) -> Outcome {
    loop {
        let (bell, timer) = timer()?;
        let due = after(20_000_000);
        timer.arm(due)?;
        let _kept = stop(timer)?;
        // A host that stopped the machine in between let it fire by right.
        if sys::clock() < due {
            return bench.refused("bits", bell.wait(due + 10_000_000), Error::TimedOut);
        }
    }
}

fn in_order(bench: &Bench) -> Outcome {
    let (bell, start) = (Notification::create()?, after(50_000_000));
    let mut timers = Vec::new();
    // Armed in another order than they are due.
    for number in (0..40_u64).map(|number| number * 7 % 40) {
        let timer = Timer::create(&bell, 1 << number)?;
        timer.arm(start + number * 500_000)?;
        timers.push(timer);
    }
    let mut seen = 0_u64;
    while seen.count_ones() < 40 {
        seen |= bell.wait(after(SOON_NS))?;
        bench.hold("those before it have fired", (seen + 1).is_power_of_two())?;
    }
    Ok(())
}
