//! The loop as user space sees it: entries and exits, turns, interrupts that come on the way
//! out.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after};
use crate::peer::{URGENT, on_one_cpu, run};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use sys::trace::{cpu_info, set_affinity};
use sys::upcall::{self, SavedFrame};
use sys::{FOREVER, Failure, Notification, Rights, Timer};

pub(super) const CHECKS: &[Check] = &[
    ("exit-01-as-many-exits-as-entries", as_many_exits),
    ("exit-02-03-no-deadline-is-lost-around-an-exit", no_deadline_lost),
    ("exit-08-a-moved-thread-runs-on-its-new-cpu", moved),
    ("exit-10-another-cpu-hears-of-work-at-once", heard),
    ("exit-09-a-timer-diverts-without-a-call", timer_to_upcall),
    ("exit-13-turns-are-counted", turns),
];

/// After everything else.
pub(super) const LAST: &[Check] =
    &[("exit-19-20-25-29-debug-checks-have-found-nothing", nothing_found)];

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

/// Spins without a system call until `upcalls` upcalls were made.
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

/// Time passes on the CPU that a thread was sent to, and on no other.
fn moved(bench: &Bench) -> Outcome {
    const TIME_NS: u64 = 5_000_000;
    let all = set_affinity(0)?;
    let cpus = sys::system_info()?.cpus;
    for cpu in (0..cpus).chain((0..cpus).rev()) {
        set_affinity(1 << cpu)?;
        let (before, end) = (cpu_info(cpu)?.user_ns, after(TIME_NS));
        while sys::clock() < end {
            for _ in 0..10_000 {
                core::hint::spin_loop();
            }
        }
        let spent = cpu_info(cpu)?.user_ns - before;
        bench.hold("it ran there", spent > TIME_NS / 2)?;
    }
    set_affinity(all)?;
    Ok(())
}

/// A thread that waits on the last CPU is woken while this CPU makes no further call.
fn heard(bench: &Bench) -> Outcome {
    const TURNS: u64 = 300_000_000;
    let last = 1 << (sys::system_info()?.cpus - 1);
    let all = set_affinity(1)?;
    let bell = Notification::create()?;
    let heard = Arc::new(AtomicU64::new(0));
    let (own_bell, own_heard) = (bell.copy(Rights::ALL)?, heard.clone());
    const ROUNDS: u64 = 100;
    let _thread = run(URGENT, move || {
        let _ = set_affinity(last);
        for _ in 0..ROUNDS {
            let _ = own_bell.wait(FOREVER);
            own_heard.fetch_add(1, Ordering::Relaxed);
        }
    })?;
    for round in 1..=ROUNDS {
        bell.signal(1)?;
        let mut turns = 0;
        while heard.load(Ordering::Relaxed) < round && turns < TURNS {
            core::hint::spin_loop();
            turns += 1;
        }
        bench.same("heard", heard.load(Ordering::Relaxed), round)?;
    }
    set_affinity(all)?;
    Ok(())
}

fn nothing_found(bench: &Bench) -> Outcome {
    let info = sys::system_info()?;
    if info.entries > 0 {
        bench.tell(format_args!("entries looked at: {}", info.entries));
    }
    bench.same("violations", info.violations, 0)
}

fn turns(bench: &Bench) -> Outcome {
    on_one_cpu(|| turns_here(bench))
}

fn turns_here(bench: &Bench) -> Outcome {
    let before = cpu_info(0)?.turns;
    let bell = Notification::create()?;
    let timer = Timer::create(&bell, 1)?;
    let counted = |turns: &[u64]| turns.iter().sum::<u64>();
    let enough = counted(&before) + 50;
    // On a busy host a deadline may be over before its wait begins: that exit has no turn.
    for _ in 0..1000 {
        timer.arm(after(300_000))?;
        bell.wait(after(SOON_NS))?;
        if counted(&cpu_info(0)?.turns) >= enough {
            break;
        }
    }
    let (info, system) = (cpu_info(0)?, sys::system_info()?);
    bench.hold("exits with turns", counted(&info.turns) >= enough)?;
    bench.tell(format_args!("turns of an exit: {} at most", system.most_turns));
    for (bucket, exits) in info.turns.iter().enumerate().filter(|(_, exits)| **exits > 0) {
        bench.tell(format_args!("from {} turns on: {exits} exits", 1_u64 << bucket));
    }
    bench.hold("the most are in the histogram", system.most_turns > 0)
}
