//! The loop as user space sees it: entries and exits, turns, interrupts that come on the way
//! out.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after};
use core::sync::atomic::{AtomicU64, Ordering};
use sys::trace::cpu_info;
use sys::upcall::{self, SavedFrame};
use sys::{Failure, Notification, Timer};

pub(super) const CHECKS: &[Check] = &[
    ("exit-01-as-many-exits-as-entries", as_many_exits),
    ("exit-02-03-no-deadline-is-lost-around-an-exit", no_deadline_lost),
    ("exit-09-a-timer-diverts-without-a-call", timer_to_upcall),
    ("exit-13-turns-are-counted", turns),
];

static UPCALLS: AtomicU64 = AtomicU64::new(0);

fn count(_: u64, _: &SavedFrame) {
    UPCALLS.fetch_add(1, Ordering::Relaxed);
}

fn as_many_exits(bench: &Bench) -> Outcome {
    for _ in 0..100 {
        let info = sys::system_info()?;
        if info.entries == 0 {
            // A kernel without debug checks does not count them.
            return bench.hold("counted", true);
        }
        // One exit more for each other CPU that is in user mode or halted.
        let ahead = info.exits.wrapping_sub(info.entries);
        bench.hold("exits are entries", ahead < info.cpus)?;
        sys::sleep_for(100_000);
    }
    Ok(())
}

/// Something with a timer whose bit diverts this thread.
fn with_timer(work: impl Fn(&Timer) -> Outcome) -> Outcome {
    let bell = Notification::create()?;
    let timer = Timer::create(&bell, 1)?;
    upcall::register(&bell, count, 0)?;
    let outcome = work(&timer);
    upcall::unregister()?;
    outcome
}

/// Waits without a system call until so many upcalls were made.
fn spin_until(upcalls: u64) -> Outcome {
    const TURNS: u64 = 300_000_000;
    let mut turns = 0;
    while UPCALLS.load(Ordering::Relaxed) < upcalls {
        core::hint::spin_loop();
        turns += 1;
        if turns == TURNS {
            return Err(Failure::from("an upcall is lost, or late"));
        }
    }
    Ok(())
}

/// Deadlines that pass before, during and after the way out of the call that arms them.
fn no_deadline_lost(bench: &Bench) -> Outcome {
    with_timer(|timer| {
        for step in 0..2000 {
            let before = UPCALLS.load(Ordering::Relaxed);
            timer.arm(after(step % 500 * 100))?;
            spin_until(before + 1)?;
            bench.same("upcalls", UPCALLS.load(Ordering::Relaxed), before + 1)?;
        }
        Ok(())
    })
}

/// Interrupt, deadline, signal, upcall: each makes the next, in one exit.
fn timer_to_upcall(bench: &Bench) -> Outcome {
    with_timer(|timer| {
        let (before, calls) = (UPCALLS.load(Ordering::Relaxed), sys::system_info()?.syscalls);
        timer.arm(after(2_000_000))?;
        spin_until(before + 1)?;
        // The arming, the return from the upcall, this question; the guard may make some.
        bench.hold("no other calls", sys::system_info()?.syscalls - calls < 10)
    })
}

/// The histogram of turns of all CPUs together: a wake-up may end on any of them.
fn turns_of_all() -> [u64; abi::TURN_BUCKETS] {
    let cpus = (0..).map_while(|cpu| cpu_info(cpu).ok());
    cpus.fold([0; abi::TURN_BUCKETS], |all, cpu| {
        core::array::from_fn(|bucket| all[bucket] + cpu.turns[bucket])
    })
}

fn turns(bench: &Bench) -> Outcome {
    let before = turns_of_all();
    let bell = Notification::create()?;
    let timer = Timer::create(&bell, 1)?;
    for _ in 0..50 {
        timer.arm(after(300_000))?;
        bell.wait(after(SOON_NS))?;
    }
    let (after_all, system) = (turns_of_all(), sys::system_info()?);
    let counted = |turns: &[u64]| turns.iter().sum::<u64>();
    bench.hold("exits with turns", counted(&after_all) >= counted(&before) + 50)?;
    bench.tell(format_args!("turns of an exit: {} at most", system.most_turns));
    for (bucket, exits) in after_all.iter().enumerate().filter(|(_, exits)| **exits > 0) {
        bench.tell(format_args!("from {} turns on: {exits} exits", 1_u64 << bucket));
    }
    bench.hold("the most are in the histogram", system.most_turns > 0)
}
