//! Notifications: bits that coalesce, waits, binding.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after};
use crate::peer::{URGENT, run};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use sys::{Endpoint, Error, Notification, Received, Rights, Words};

pub(super) const CHECKS: &[Check] = &[
    ("notification-signals-coalesce", coalesce),
    ("notification-poll-of-nothing-would-block", nothing),
    ("notification-wait-takes-all-bits", takes_all),
    ("notification-signal-wakes-waiter", wakes),
    ("notification-one-signal-wakes-one-waiter", wakes_one),
    ("notification-bound-notification-ends-receive", bound),
    ("notification-bits-that-came-before-end-receive-too", bound_before),
    ("notification-bits-come-before-messages", bits_first),
    ("notification-unbound-notification-does-not", unbound),
    ("notification-serves-one-thread", one_thread),
];

fn coalesce(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    for bits in [1, 4, 4, 1 << 63] {
        bell.signal(bits)?;
    }
    bench.same("bits", bell.poll()?, 5 | 1 << 63)
}

fn nothing(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    bell.signal(0)?;
    bench.refused("a poll", bell.poll(), Error::WouldBlock)
}

fn takes_all(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    bell.signal(u64::MAX)?;
    bench.same("bits", bell.wait(after(SOON_NS))?, u64::MAX)?;
    bench.refused("a second poll", bell.poll(), Error::WouldBlock)
}

/// A thread that waits and tells what it got.
fn waiter(bell: &Notification) -> Result<Arc<AtomicU64>, sys::Failure> {
    let (own, got) = (bell.copy(Rights::WAIT)?, Arc::new(AtomicU64::new(0)));
    let told = got.clone();
    let _thread = run(URGENT, move || {
        if let Ok(bits) = own.wait(after(SOON_NS)) {
            told.store(bits, Ordering::Relaxed);
        }
    })?;
    Ok(got)
}

fn wakes(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    let got = waiter(&bell)?;
    bell.signal(6)?;
    bench.same("what it got, before this thread goes on", got.load(Ordering::Relaxed), 6)?;
    bench.refused("what is left", bell.poll(), Error::WouldBlock)
}

fn wakes_one(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    let (first, second) = (waiter(&bell)?, waiter(&bell)?);
    bell.signal(1)?;
    let both =
        |a: &AtomicU64, b: &AtomicU64| (a.load(Ordering::Relaxed), b.load(Ordering::Relaxed));
    bench.same("after one", both(&first, &second), (1, 0))?;
    bell.signal(2)?;
    bench.same("after two", both(&first, &second), (1, 2))
}

fn notified(received: Received) -> u64 {
    match received {
        Received::Notified(bits) => bits,
        Received::Message(_) => 0,
    }
}

fn bound(bench: &Bench) -> Outcome {
    let (endpoint, bell) = (Endpoint::create()?, Notification::create()?);
    bell.bind()?;
    let other = bell.copy(Rights::SIGNAL)?;
    let _thread = run(crate::peer::PATIENT, move || {
        let _ = other.signal(9);
    })?;
    let got = endpoint.receive(after(SOON_NS), &mut []);
    Notification::unbind()?;
    bench.same("bits", notified(got?), 9)
}

fn bound_before(bench: &Bench) -> Outcome {
    let (endpoint, bell) = (Endpoint::create()?, Notification::create()?);
    bell.signal(3)?;
    bell.bind()?;
    let got = endpoint.receive(0, &mut []);
    Notification::unbind()?;
    bench.same("bits", notified(got?), 3)
}

fn bits_first(bench: &Bench) -> Outcome {
    let (endpoint, bell) = (Endpoint::create()?, Notification::create()?);
    let client = endpoint.copy(Rights::SEND)?;
    let _thread = run(URGENT, move || {
        let _ = client.send(1, &Words::default());
    })?;
    bell.signal(3)?;
    bell.bind()?;
    let (first, second) = (endpoint.receive(0, &mut []), endpoint.receive(0, &mut []));
    Notification::unbind()?;
    bench.same("first", notified(first?), 3)?;
    bench.hold("then the message", matches!(second?, Received::Message(_)))
}

fn unbound(bench: &Bench) -> Outcome {
    let (endpoint, bell) = (Endpoint::create()?, Notification::create()?);
    bell.bind()?;
    Notification::unbind()?;
    bell.signal(1)?;
    bench.refused("a receive", endpoint.receive(0, &mut []), Error::WouldBlock)
}

fn one_thread(bench: &Bench) -> Outcome {
    let (bell, result) = (Notification::create()?, Arc::new(AtomicU64::new(0)));
    let (other, told) = (bell.copy(Rights::ALL)?, result.clone());
    bell.bind()?;
    let _thread = run(URGENT, move || {
        told.store(other.bind().map_or_else(|error| error as u64, |()| 0), Ordering::Relaxed);
    })?;
    Notification::unbind()?;
    bench.same("a second bind", result.load(Ordering::Relaxed), Error::BadState as u64)
}
