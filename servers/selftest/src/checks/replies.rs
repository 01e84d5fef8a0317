//! The reply right: one shot, one process, one call.

use crate::bench::{Bench, Check, Outcome, after, eventually};
use crate::peer::{EQUAL, Peer, run};
use abi::Syscall;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use sys::{Endpoint, Error, FOREVER, Message, ReplyRight, Rights, Words, hazard};

pub(super) const CHECKS: &[Check] = &[
    ("reply-right-works-once", once),
    ("reply-forged-reply-token-is-refused", forged),
    ("reply-after-callers-time-out-is-refused", late),
    ("reply-dropping-reply-right-answers", dropped),
    ("reply-server-that-dies-ends-its-call", server_dies),
    ("reply-queued-caller-learns-that-receiver-is-gone", receiver_goes),
    ("reply-dead-endpoint-refuses-at-once", dead_endpoint),
];

fn raw_reply(token: u64) -> u64 {
    hazard::call(Syscall::Reply as u64, [token, 0], [0; 7], 0).status
}

/// Receives one call by hand: its raw token.
fn raw_receive(endpoint: &Endpoint) -> u64 {
    hazard::call(Syscall::Recv as u64, [endpoint.handle().0.into(), 0], [0; 7], 0).token
}

/// A thread that calls once; the label or error that it got, plus 1000 for an error.
fn caller(endpoint: &Endpoint, deadline_ns: u64) -> Result<Arc<AtomicU64>, sys::Failure> {
    let (client, result) = (endpoint.copy(Rights::SEND)?, Arc::new(AtomicU64::new(0)));
    let told = result.clone();
    let _thread = run(EQUAL, move || {
        let answer = client.call_with(&mut Message::new(1, [0; 7]), deadline_ns, &mut []);
        let value = answer.map_or_else(|error| 1000 + error as u64, |answer| answer.label.into());
        told.store(value, Ordering::Relaxed);
    })?;
    Ok(result)
}

fn once(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let _result = caller(&endpoint, FOREVER)?;
    let token = raw_receive(&endpoint);
    bench.hold("a token", token != 0)?;
    bench.same("first use", raw_reply(token), 0)?;
    bench.same("second use", raw_reply(token), Error::BadReply as u64)
}

fn forged(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let result = caller(&endpoint, FOREVER)?;
    let token = raw_receive(&endpoint);
    for wild in [0, 1, token ^ 1, token ^ (1 << 32), token ^ (1 << 63), !token, u64::MAX] {
        bench.same("a forged token", raw_reply(wild), Error::BadReply as u64)?;
    }
    bench.same("the caller waits still", result.load(Ordering::Relaxed), 0)?;
    bench.same("the true one", raw_reply(token), 0)
}

fn late(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    // Long enough for the call to be received before.
    let result = caller(&endpoint, after(200_000_000))?;
    let token = raw_receive(&endpoint);
    sys::sleep_for(300_000_000);
    bench.same("the caller", result.load(Ordering::Relaxed), 1000 + Error::TimedOut as u64)?;
    bench.same("the reply", raw_reply(token), Error::BadReply as u64)
}

fn dropped(bench: &Bench) -> Outcome {
    let peer = Peer::serve(|message, _| drop(message))?;
    let answer = peer.endpoint.call(1, &Words::default())?;
    bench.same("label", answer.label, ReplyRight::ABANDONED)
}

fn server_dies(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let rights = Rights::RECEIVE | Rights::TRANSFER;
    let child = bench.child(&["take-call"], &[("endpoint", endpoint.as_handle(), rights, 0)])?;
    let mut message = Message::new(1, Words::default());
    let answer = endpoint.call_with(&mut message, after(3_000_000_000), &mut []);
    bench.refused("the call", answer, Error::OutcomeUnknown)?;
    bench.same("status", child.status()?, 7)
}

fn receiver_goes(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let result = caller(&endpoint, FOREVER)?;
    sys::sleep_for(2_000_000);
    drop(endpoint);
    eventually(|| result.load(Ordering::Relaxed) > 0);
    bench.same("the caller", result.load(Ordering::Relaxed), 1000 + Error::PeerDied as u64)
}

fn dead_endpoint(bench: &Bench) -> Outcome {
    let client = Endpoint::create()?.copy(Rights::SEND)?;
    bench.refused("a call", client.call(1, &Words::default()), Error::PeerDied)?;
    bench.refused("a send", client.send(1, &Words::default()), Error::PeerDied)
}
