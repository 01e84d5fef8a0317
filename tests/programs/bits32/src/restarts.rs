//! Calls that an upcall cuts short.

use crate::calls::{ensure, ways};
use crate::outcome::Outcome;
use abi::{CompatCall, Syscall};
use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use sys::hazard::{self, Way};
use sys::{Error, FOREVER, Notification, Priority, upcall};

/// How often the handler ran, and how often a call in it did not do what it should.
static RUNS: AtomicU32 = AtomicU32::new(0);
static WRONG: AtomicU32 = AtomicU32::new(0);

fn count(_bits: u64, interrupted: &upcall::SavedFrame) {
    RUNS.fetch_add(1, Relaxed);
    let wide = [interrupted.r8, interrupted.r11, interrupted.r15, interrupted.rip >> 32];
    // The call is over: its status is in the frame, and nothing of it is in other registers.
    if interrupted.rax != Error::Interrupted as u64 || wide != [0; 4] {
        WRONG.fetch_add(1, Relaxed);
    }
}

fn call_in_handler(_bits: u64, _interrupted: &upcall::SavedFrame) {
    RUNS.fetch_add(1, Relaxed);
    for way in ways() {
        let mut call = CompatCall::default();
        let status = hazard::call(way, Syscall::Clock as u32, &mut call);
        if status != 0 || call.values[0] == 0 {
            WRONG.fetch_add(1, Relaxed);
        }
    }
}

/// Waits, is interrupted by the handler, waits again with the same block, gets its bits.
fn interrupted_by(way: Way, handler: upcall::Handler) -> Result<(), sys::Error> {
    let bell = Arc::new(Notification::create()?);
    let wanted = Arc::new(Notification::create()?);
    upcall::register(&bell, handler, 0)?;
    let (other_bell, other_wanted) = (bell.clone(), wanted.clone());
    let thread = sys::spawn_thread(4, Priority(5), move || {
        // Less urgent: it runs only while the other thread waits.
        let _ = other_bell.signal(1);
        let _ = other_wanted.signal(6 << 40);
    })?;
    let handle = u64::from(wanted.handle().0);
    let mut call = CompatCall { values: [handle, FOREVER], ..CompatCall::default() };
    let first = hazard::call(way, Syscall::Wait as u32, &mut call);
    let kept = call.values == [handle, FOREVER];
    let second = hazard::call(way, Syscall::Wait as u32, &mut call);
    drop(thread);
    upcall::unregister()?;
    let good = first == Error::Interrupted as u32 && kept && second == 0;
    if good && call.values[0] == 6 << 40 { Ok(()) } else { Err(Error::BadState) }
}

fn all_ways(handler: upcall::Handler) -> Outcome {
    for way in ways() {
        RUNS.store(0, Relaxed);
        WRONG.store(0, Relaxed);
        interrupted_by(way, handler).map_err(|error| format!("{way:?}: {error}"))?;
        let (runs, wrong) = (RUNS.load(Relaxed), WRONG.load(Relaxed));
        ensure((runs, wrong) == (1, 0), || format!("{way:?}: {runs} runs, {wrong} wrong"))?;
    }
    Ok(())
}

pub(crate) fn again() -> Outcome {
    all_ways(count)
}

pub(crate) fn nested() -> Outcome {
    all_ways(call_in_handler)
}
