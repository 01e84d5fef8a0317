//! Who runs when, on one CPU.

use crate::bench::{Bench, Check, Outcome, eventually};
use crate::peer::{EQUAL, PATIENT, URGENT, on_one_cpu, run_beside};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use sys::{Error, Notification, Priority, Rights, Thread};

pub(super) const CHECKS: &[Check] = &[
    ("schedule-more-urgent-thread-runs-at-once", |bench| on_one_cpu(|| urgent_at_once(bench))),
    ("schedule-less-urgent-thread-waits", |bench| on_one_cpu(|| patient_waits(bench))),
    ("schedule-spinning-thread-is-preempted-by-its-equals", |bench| {
        on_one_cpu(|| equals_take_turns(bench))
    }),
    ("schedule-equals-get-equal-shares", |bench| on_one_cpu(|| equal_shares(bench))),
    ("exit-30-waking-thread-preempts-spinning-one", |bench| on_one_cpu(|| waking_preempts(bench))),
    ("schedule-yield-lets-equals-run", |bench| on_one_cpu(|| yields(bench))),
    ("schedule-raised-priority-counts-at-once", |bench| on_one_cpu(|| raised(bench))),
    ("schedule-lowered-priority-counts-at-once", |bench| on_one_cpu(|| lowered(bench))),
    ("schedule-suspended-thread-does-not-run", |bench| on_one_cpu(|| suspended(bench))),
    ("schedule-killed-thread-does-not-run", |bench| on_one_cpu(|| killed(bench))),
    ("schedule-priority-beyond-limit-is-refused", |bench| on_one_cpu(|| beyond_limit(bench))),
];

const SLICE_NS: u64 = 10_000_000;
/// A second or more of spinning.
const MANY_TURNS: u64 = 500_000_000;

/// A thread that counts until it is told to stop.
struct Spinner {
    thread: Thread,
    count: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Spinner {
    fn start(priority: Priority) -> Result<Self, sys::Failure> {
        let (count, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (own_count, own_stop) = (count.clone(), stop.clone());
        let thread = run_beside(priority, move || {
            while !own_stop.load(Ordering::Relaxed) {
                own_count.fetch_add(1, Ordering::Relaxed);
            }
        })?;
        Ok(Self { thread, count, stop })
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.resume();
        // Long enough for it to see that.
        sys::sleep_for(2 * SLICE_NS);
    }
}

fn spin_for(ns: u64) {
    let end = sys::clock() + ns;
    while sys::clock() < end {}
}

/// A thread that sets the flag as soon as it runs.
fn flag(priority: Priority) -> Result<Arc<AtomicBool>, sys::Failure> {
    let set = Arc::new(AtomicBool::new(false));
    let own = set.clone();
    let _thread = run_beside(priority, move || own.store(true, Ordering::Relaxed))?;
    Ok(set)
}

fn urgent_at_once(bench: &Bench) -> Outcome {
    let set = flag(URGENT)?;
    bench.hold("it ran before this thread went on", set.load(Ordering::Relaxed))
}

fn patient_waits(bench: &Bench) -> Outcome {
    let set = flag(PATIENT)?;
    spin_for(3 * SLICE_NS);
    bench.hold("it waited", !set.load(Ordering::Relaxed))?;
    bench.hold("it runs when this thread sleeps", eventually(|| set.load(Ordering::Relaxed)))
}

fn equals_take_turns(bench: &Bench) -> Outcome {
    let spinner = Spinner::start(EQUAL)?;
    let (mut own, end) = (0, sys::clock() + 10 * SLICE_NS);
    while sys::clock() < end {
        own += 1;
    }
    bench.hold("both ran", own > 0 && spinner.count() > 0)
}

fn equal_shares(bench: &Bench) -> Outcome {
    let spinners = [Spinner::start(PATIENT)?, Spinner::start(PATIENT)?, Spinner::start(PATIENT)?];
    // The first ones have run while the last one was made.
    let before = spinners.each_ref().map(Spinner::count);
    sys::sleep_for(30 * SLICE_NS);
    let mut counts = spinners.each_ref().map(Spinner::count);
    counts.iter_mut().zip(before).for_each(|(count, before)| *count -= before);
    let (least, most) = (counts.iter().min().copied(), counts.iter().max().copied());
    let fair = least.zip(most).is_some_and(|(least, most)| least > most / 3);
    if fair { bench.hold("fair", fair) } else { bench.same("counts", counts, [counts[0]; 3]) }
}

fn waking_preempts(bench: &Bench) -> Outcome {
    let (deadline, woke) = (sys::clock() + 5_000_000, Arc::new(AtomicBool::new(false)));
    let told = woke.clone();
    let _thread = run_beside(URGENT, move || {
        sys::sleep_until(deadline);
        told.store(true, Ordering::Relaxed);
    })?;
    // No system call in here: only an interrupt can bring the other thread in.
    let mut turns = 0_u64;
    while !woke.load(Ordering::Relaxed) && turns < MANY_TURNS {
        core::hint::spin_loop();
        turns += 1;
    }
    bench.hold("it woke while this thread was spinning", woke.load(Ordering::Relaxed))
}

fn yields(bench: &Bench) -> Outcome {
    let set = flag(EQUAL)?;
    sys::yield_now();
    bench.hold("it ran", set.load(Ordering::Relaxed))
}

fn raised(bench: &Bench) -> Outcome {
    let spinner = Spinner::start(PATIENT)?;
    bench.same("before", spinner.count(), 0)?;
    let (stop, bell) = (spinner.stop.clone(), Notification::create()?);
    let own = bell.copy(Rights::WAIT)?;
    // Ends the spinner while that is more urgent than this thread.
    let _thread = run_beside(Priority(42), move || {
        let _ = own.wait(sys::clock() + 10 * SLICE_NS);
        stop.store(true, Ordering::Relaxed);
    })?;
    spinner.thread.set_priority(URGENT)?;
    bench.hold("it ran before this thread went on", spinner.count() > 0)
}

fn lowered(bench: &Bench) -> Outcome {
    let spinner = Spinner::start(EQUAL)?;
    sys::sleep_for(SLICE_NS);
    spinner.thread.set_priority(PATIENT)?;
    let before = spinner.count();
    spin_for(3 * SLICE_NS);
    bench.same("count", spinner.count(), before)
}

fn suspended(bench: &Bench) -> Outcome {
    let spinner = Spinner::start(PATIENT)?;
    sys::sleep_for(SLICE_NS);
    spinner.thread.suspend()?;
    let before = spinner.count();
    sys::sleep_for(2 * SLICE_NS);
    bench.same("while suspended", spinner.count(), before)?;
    spinner.thread.resume()?;
    sys::sleep_for(2 * SLICE_NS);
    bench.hold("after resume", spinner.count() > before)
}

fn killed(bench: &Bench) -> Outcome {
    // A child's thread: one of this process would leave its stack behind.
    let child = bench.child(&["spin"], &[])?;
    let thread = sys::Thread::create(&child.process, abi::IMAGE_BASE, 0, 0, PATIENT)?;
    thread.kill()?;
    bench.refused("a resume", thread.resume(), Error::PeerDied)?;
    bench.refused("a priority", thread.set_priority(PATIENT), Error::PeerDied)
}

fn beyond_limit(bench: &Bench) -> Outcome {
    let spinner = Spinner::start(PATIENT)?;
    for priority in [64, 255] {
        let set = spinner.thread.set_priority(Priority(priority));
        bench.refused("a priority", set, Error::BadArgument)?;
    }
    let child = bench.child(&["sleep"], &[])?;
    let thread = sys::Thread::create(&child.process, 0, 0, 0, Priority(46));
    bench.refused("above the child's limit", thread, Error::BadArgument)
}
