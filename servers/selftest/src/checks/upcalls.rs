//! Upcalls: a thread is diverted to its handler and comes back.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after, eventually};
use crate::peer::{URGENT, run};
use abi::Syscall;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use sys::upcall::{self, SavedFrame};
use sys::{Error, FOREVER, FaultKind, Notification, Rights, hazard};

pub(super) const CHECKS: &[Check] = &[
    ("upcall-is-delivered-once", once),
    ("upcall-masked-bits-stay-pending", masked),
    ("upcall-cuts-wait-short", cuts_a_wait),
    ("upcall-cuts-sleep-short", cuts_a_sleep),
    ("upcall-handlers-do-not-nest", no_nesting),
    ("exit-30-computation-does-not-notice-upcalls", not_noticed),
    ("exit-12-upcall-return-frame-must-be-readable", unreadable_frame),
    ("exit-38-upcall-return-to-kernels-half-faults-in-user-mode", wild_frame),
    ("upcall-unregistered-thread-is-left-alone", unregistered),
    ("upcall-on-its-own-stack-keeps-out-of-a-section-of-another-thread", one_in_a_section),
];

static CALLS: AtomicU64 = AtomicU64::new(0);
static BITS: AtomicU64 = AtomicU64::new(0);
static DEPTH: AtomicU64 = AtomicU64::new(0);
static DEEPEST: AtomicU64 = AtomicU64::new(0);

fn count(bits: u64, _: &SavedFrame) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    BITS.fetch_or(bits, Ordering::Relaxed);
}

/// Calls and bits since the last time.
fn seen() -> (u64, u64) {
    (CALLS.swap(0, Ordering::Relaxed), BITS.swap(0, Ordering::Relaxed))
}

/// Runs something with a registered handler.
fn with_handler(
    handler: upcall::Handler,
    mask: u64,
    work: impl Fn(&Notification) -> Outcome,
) -> Outcome {
    let bell = Notification::create()?;
    seen();
    upcall::register(&bell, handler, mask)?;
    let outcome = work(&bell);
    upcall::unregister()?;
    outcome
}

fn once(bench: &Bench) -> Outcome {
    with_handler(count, 0, |bell| {
        bell.signal(5)?;
        bench.same("calls and bits", seen(), (1, 5))?;
        sys::yield_now();
        bench.same("no more", seen(), (0, 0))
    })
}

fn masked(bench: &Bench) -> Outcome {
    with_handler(count, 0b10, |bell| {
        bell.signal(0b11)?;
        bench.same("unmasked", seen(), (1, 1))?;
        bench.same("old mask", upcall::mask(0)?, 0b10)?;
        bench.same("after unmasking", seen(), (1, 2))
    })
}

/// Another thread that signals a bit in a moment, when the caller waits for sure.
fn signal_soon(bell: &Notification) -> Outcome {
    let other = bell.copy(Rights::SIGNAL)?;
    let _thread = run(URGENT, move || {
        sys::sleep_for(100_000_000);
        let _ = other.signal(1);
    })?;
    Ok(())
}

fn cuts_a_wait(bench: &Bench) -> Outcome {
    with_handler(count, 0, |bell| {
        signal_soon(bell)?;
        let other = Notification::create()?;
        bench.refused("the wait", other.wait(after(SOON_NS)), Error::Interrupted)?;
        bench.same("calls and bits", seen(), (1, 1))
    })
}

fn cuts_a_sleep(bench: &Bench) -> Outcome {
    with_handler(count, 0, |bell| {
        signal_soon(bell)?;
        let out = hazard::plain(Syscall::Sleep as u64, [after(SOON_NS), 0, 0, 0, 0, 0]);
        bench.same("the sleep", out.status, Error::Interrupted as u64)?;
        bench.same("calls and bits", seen(), (1, 1))
    })
}

static BELL: AtomicU64 = AtomicU64::new(0);

fn signal_again(bits: u64, frame: &SavedFrame) {
    let depth = DEPTH.fetch_add(1, Ordering::Relaxed) + 1;
    DEEPEST.fetch_max(depth, Ordering::Relaxed);
    count(bits, frame);
    if bits == 1 {
        hazard::plain(Syscall::Signal as u64, [BELL.load(Ordering::Relaxed), 2, 0, 0, 0, 0]);
    }
    DEPTH.fetch_sub(1, Ordering::Relaxed);
}

fn no_nesting(bench: &Bench) -> Outcome {
    with_handler(signal_again, 0, |bell| {
        BELL.store(bell.handle().0.into(), Ordering::Relaxed);
        bell.signal(1)?;
        bench.same("calls and bits", seen(), (2, 3))?;
        bench.same("deepest", DEEPEST.load(Ordering::Relaxed), 1)
    })
}

fn not_noticed(bench: &Bench) -> Outcome {
    with_handler(count, 0, |bell| {
        let other = bell.copy(Rights::SIGNAL)?;
        let _thread = run(URGENT, move || {
            // Signals that come before the handler has run coalesce: as many as it takes.
            for _ in 0..1_000 {
                sys::sleep_for(500_000);
                let _ = other.signal(1);
                if CALLS.load(Ordering::Relaxed) > 20 {
                    return;
                }
            }
        })?;
        let (end, latest) = (after(50_000_000), after(SOON_NS));
        let enough = || CALLS.load(Ordering::Relaxed) > 5;
        let mut sum = 1_u64;
        let mut rounds = 0_u64;
        while sys::clock() < end || (!enough() && sys::clock() < latest) {
            for _ in 0..1000 {
                sum = sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                rounds += 1;
            }
        }
        let expected = (0..rounds)
            .fold(1_u64, |sum, _| sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        bench.same("sum", sum, expected)?;
        bench.hold("there were upcalls", enough())
    })
}

fn unreadable_frame(bench: &Bench) -> Outcome {
    for address in [0, 8, abi::USER_END - 8, 1 << 47, u64::MAX - 7] {
        let out = hazard::plain(Syscall::UpcallReturn as u64, [address, 0, 0, 0, 0, 0]);
        bench.same("status", out.status, Error::BadAddress as u64)?;
    }
    Ok(())
}

/// In a child: goes on at any address with any flags.
pub(crate) fn go_on_at(rip: u64) {
    let frame = SavedFrame { rip, rflags: u64::MAX, rsp: rip, ..SavedFrame::default() };
    hazard::plain(Syscall::UpcallReturn as u64, [(&raw const frame).addr() as u64, 0, 0, 0, 0, 0]);
}

fn wild_frame(bench: &Bench) -> Outcome {
    for address in ["0xffffffff80000000", "0x800000000000", "0xdeadbeefdeadbeef", "0"] {
        let info = bench.child(&["go-on-at", address], &[])?.end()?;
        let kind = FaultKind::from_number(info.fault);
        let expected = [FaultKind::Page, FaultKind::Protection];
        bench.hold("it ends by a fault", kind.is_some_and(|kind| expected.contains(&kind)))?;
    }
    Ok(())
}

fn unregistered(bench: &Bench) -> Outcome {
    with_handler(count, 0, |_| Ok(()))?;
    bench.refused("a mask", upcall::mask(0), Error::BadState)
}

/// Whether a handler has come to the section's door, and whether it is or was inside.
static AT_THE_DOOR: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicBool = AtomicBool::new(false);

fn enter_section(_: u64, _: &SavedFrame) {
    AT_THE_DOOR.store(true, Ordering::Relaxed);
    critical_section::with(|_| INSIDE.store(true, Ordering::Relaxed));
}

/// The handler of another thread, on a stack of its own, while this thread is in the section.
fn one_in_a_section(bench: &Bench) -> Outcome {
    let (bell, told) = (Notification::create()?, Notification::create()?);
    let (own, tell) = (bell.copy(Rights::ALL)?, told.copy(Rights::SIGNAL)?);
    let _thread = run(URGENT, move || {
        let stack = upcall::Stack::create(4);
        let registered =
            stack.and_then(|stack| upcall::register_on(&own, enter_section, 0, stack, 1));
        let _ = tell.signal(if registered.is_ok() { 1 } else { 2 });
        // Until the handler has run.
        let never = Notification::create().map(|never| never.wait(FOREVER));
        let _ = tell.signal(if never == Ok(Err(Error::Interrupted)) { 4 } else { 8 });
    })?;
    bench.same("the thread is ready", told.wait(after(SOON_NS))?, 1)?;
    let seen = critical_section::with(|_| {
        bell.signal(1)?;
        let came = eventually(|| AT_THE_DOOR.load(Ordering::Relaxed));
        Ok::<_, Error>((came, INSIDE.load(Ordering::Relaxed)))
    })?;
    bench.same("the handler came, and got in", seen, (true, false))?;
    bench.same("the thread goes on", told.wait(after(SOON_NS))?, 4)?;
    bench.hold("the handler was inside afterwards", INSIDE.load(Ordering::Relaxed))
}
