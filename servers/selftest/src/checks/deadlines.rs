//! Waits that end in time.

use crate::bench::{Bench, Check, Outcome, after};
use crate::peer::Peer;
use sys::{Endpoint, Error, Message, Notification};

pub(super) const CHECKS: &[Check] = &[
    ("deadline-call-without-a-receiver-times-out", call_not_taken),
    ("deadline-call-without-a-reply-times-out", call_not_answered),
    ("deadline-send-without-a-receiver-times-out", send_not_taken),
    ("deadline-receive-times-out", receive_times_out),
    ("deadline-wait-times-out", wait_times_out),
    ("deadline-0-never-waits", zero_never_waits),
    ("deadline-sleep-is-not-too-short", sleep_is_not_short),
    ("deadline-past-deadline-does-not-wait", past_deadline),
];

const WAIT_NS: u64 = 10_000_000;

/// Runs something that must end with a time-out, and not too early.
fn ends_in_time<T>(bench: &Bench, wait: impl Fn(u64) -> Result<T, Error>) -> Outcome {
    let deadline = after(WAIT_NS);
    bench.refused("the wait", wait(deadline), Error::TimedOut)?;
    bench.hold("not before the deadline", sys::clock() >= deadline)?;
    bench.hold("within 200 ms", sys::clock() < deadline + 200_000_000)
}

fn call(endpoint: &Endpoint, deadline_ns: u64) -> Result<sys::Answer, Error> {
    endpoint.call_with(&mut Message::default(), deadline_ns, &mut [])
}

fn call_not_taken(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    ends_in_time(bench, |deadline| call(&endpoint, deadline))
}

fn call_not_answered(bench: &Bench) -> Outcome {
    let mut kept = alloc::vec::Vec::new();
    let peer = Peer::serve(move |message, _| kept.push(message))?;
    ends_in_time(bench, |deadline| call(&peer.endpoint, deadline))
}

fn send_not_taken(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    ends_in_time(bench, |deadline| endpoint.send_with(&mut Message::default(), deadline))
}

fn receive_times_out(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    ends_in_time(bench, |deadline| endpoint.receive(deadline, &mut []))
}

fn wait_times_out(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    ends_in_time(bench, |deadline| bell.wait(deadline))
}

fn zero_never_waits(bench: &Bench) -> Outcome {
    let (endpoint, bell) = (Endpoint::create()?, Notification::create()?);
    bench.refused("a call", call(&endpoint, 0), Error::WouldBlock)?;
    bench.refused("a receive", endpoint.receive(0, &mut []), Error::WouldBlock)?;
    bench.refused("a wait", bell.wait(0), Error::WouldBlock)
}

fn sleep_is_not_short(bench: &Bench) -> Outcome {
    for ns in [1, 1_000_000, 20_000_000] {
        let end = after(ns);
        sys::sleep_until(end);
        bench.hold("it ended at the deadline or later", sys::clock() >= end)?;
    }
    Ok(())
}

fn past_deadline(bench: &Bench) -> Outcome {
    let (before, bell) = (sys::clock(), Notification::create()?);
    sys::sleep_until(1);
    bench.refused("a wait", bell.wait(1), Error::TimedOut)?;
    bench.hold("at once", sys::clock() < before + 100_000_000)
}
