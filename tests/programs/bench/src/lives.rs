//! Threads and processes: beginnings and ends.

use crate::meter::Meter;
use crate::settings::{QUOTA, URGENT};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use rt::Failure;
use sys::hazard::entries::sleep_for_ever;
use sys::hazard::ticks;
use sys::{Error, FOREVER, Thread};

/// Operations of [`threads`].
pub(crate) const THREADS: &[&str] = &[
    "thread-spawn-to-first-instruction",
    "thread-spawn-to-end",
    "thread-create",
    "thread-destroy",
];
/// Operations of [`processes`].
pub(crate) const PROCESSES: &[&str] = &["process-spawn-to-end"];

const TIMES: usize = 1_000;

/// With a stack and a closure in this process, and without in another one.
pub(crate) fn threads(meter: &Meter<'_>) -> Result<(), Failure> {
    let [to_first, to_end, create, destroy] = THREADS else { return Err("four rows".into()) };
    let stamp = Arc::new(AtomicU64::new(0));
    let spawn = || {
        let stamp = stamp.clone();
        // More urgent: it has ended when this returns.
        sys::spawn_thread(1, URGENT, move || stamp.store(ticks(), Ordering::Relaxed)).map(drop)
    };
    meter.each(to_first, TIMES, |watch| {
        let before = ticks();
        watch.around(spawn).1?;
        Ok::<_, Error>(stamp.load(Ordering::Relaxed).saturating_sub(before))
    })?;
    meter.measure(to_end, TIMES, spawn)?;
    let child = meter.machine.child(&["sleep"], QUOTA, &[], None)?;
    let make = || Thread::create(&child.process, sleep_for_ever(), 0, 0, URGENT);
    meter.each(create, TIMES, |watch| {
        let (ticks, thread) = watch.around(make);
        thread?.kill()?;
        Ok::<_, Error>(ticks)
    })?;
    meter.each(destroy, TIMES, |watch| {
        let thread = make()?;
        let (ticks, done) = watch.around(|| {
            let done = thread.kill();
            drop(thread);
            done
        });
        done.map(|()| ticks)
    })?;
    child.stop()
}

/// A process with a small program, until nothing is left of it.
pub(crate) fn processes(meter: &Meter<'_>) -> Result<(), Failure> {
    let image = meter.machine.image("nothing")?;
    meter.measure(PROCESSES[0], TIMES, || {
        meter.machine.program("nothing", image, &[], QUOTA, &[], None)?.end().map(drop)
    })
}

/// In a child: is there.
pub(crate) fn sleep() -> Result<(), Failure> {
    sys::sleep_until(FOREVER);
    Ok(())
}
