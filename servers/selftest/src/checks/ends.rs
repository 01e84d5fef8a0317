//! The end of others: lifelines, callers that stop waiting.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after};
use crate::peer::{EQUAL, run};
use sys::{Endpoint, Error, Lifeline, Message, Notification, Received, Rights};

pub(super) const CHECKS: &[Check] = &[
    ("ends-a-lifeline-rings-when-its-last-holder-goes", lifeline),
    ("ends-a-server-learns-of-a-caller-out-of-time", caller_gone),
];

fn lifeline(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    let (watch, held) = Lifeline::create(&bell, 0b100)?;
    let copy = held.copy(Rights::ALL)?;
    drop(held);
    bench.same("held by a copy", watch.held()?, true)?;
    bench.refused("silent", bell.poll(), Error::WouldBlock)?;
    drop(copy);
    bench.same("bits", bell.poll()?, 0b100)?;
    bench.same("without a holder", watch.held()?, false)
}

fn caller_gone(bench: &Bench) -> Outcome {
    let (endpoint, bell) = (Endpoint::create()?, Notification::create()?);
    sys::watch_calls(&bell, 0b10)?;
    let client = endpoint.copy(Rights::SEND)?;
    let _caller = run(EQUAL, move || {
        // It times out: that is the subject.
        let _ = client.call_with(&mut Message::new(1, [0; 7]), after(5_000_000), &mut []);
    })?;
    let Received::Message(message) = endpoint.receive(after(SOON_NS), &mut [])? else {
        return bench.hold("a message", false);
    };
    let right = message.reply.ok_or(Error::BadReply)?;
    bench.hold("it waits", right.waits())?;
    bench.same("bits", bell.wait(after(SOON_NS))?, 0b10)?;
    bench.hold("it waits no longer", !right.waits())
}
