//! Calls of the kernel and of a server: with words, with bytes, in one space and two.

use crate::PRIORITY;
use crate::machine::Child;
use crate::meter::Meter;
use alloc::sync::Arc;
use rt::Failure;
use sys::{Endpoint, FOREVER, Message, Quota, Received, Rights, WORDS, Words};

/// Operations of [`null`].
pub(crate) const NULL: &[&str] = &["null-call"];
/// Operations of [`one_space`].
pub(crate) const ONE_SPACE: &[&str] = &[
    "call-0-words-one-space",
    "call-2-words-one-space",
    "call-4-words-one-space",
    "call-8-words-one-space",
    "call-64-bytes-one-space",
    "call-960-bytes-one-space",
];
/// Operations of [`two_spaces`].
pub(crate) const TWO_SPACES: &[&str] = &[
    "call-0-words",
    "call-2-words",
    "call-4-words",
    "call-8-words",
    "call-64-bytes",
    "call-960-bytes",
];

/// The longest message here.
const LONGEST: usize = 960;
/// Often enough for a distribution.
const TIMES: usize = 10_000;

/// What servers of this module may use.
const QUOTA: Quota =
    Quota { pages: 64, handles: 16, threads: 2, objects: 32, max_priority: 30, reserved: 0 };

/// A call that does nothing.
pub(crate) fn null(meter: &Meter<'_>) -> Result<(), Failure> {
    meter.measure(NULL[0], TIMES, || {
        let _ = sys::clock();
        Ok(())
    })
}

/// Round trips to a thread of this process.
pub(crate) fn one_space(meter: &Meter<'_>) -> Result<(), Failure> {
    let endpoint = Arc::new(Endpoint::create()?);
    let for_server = endpoint.clone();
    let server = sys::spawn_thread(8, PRIORITY, move || {
        // It ends with the thread.
        let _ = serve(&for_server);
    })?;
    round_trips(meter, &endpoint, ONE_SPACE)?;
    Ok(server.kill()?)
}

/// Round trips to another process.
pub(crate) fn two_spaces(meter: &Meter<'_>) -> Result<(), Failure> {
    let endpoint = Endpoint::create()?;
    let server = server(meter, &endpoint)?;
    round_trips(meter, &endpoint, TWO_SPACES)?;
    server.process.kill(0)?;
    server.end()?;
    Ok(())
}

/// A server in a process of its own.
fn server(meter: &Meter<'_>, endpoint: &Endpoint) -> Result<Child, Failure> {
    let handles = [("endpoint", endpoint.handle(), Rights::RECEIVE, 0)];
    meter.machine.child(&["serve"], QUOTA, &handles, None)
}

fn round_trips(meter: &Meter<'_>, server: &Endpoint, rows: &[&str]) -> Result<(), Failure> {
    let [none, two, four, eight, small, large] = rows else {
        return Err("one row for each message".into());
    };
    for (row, words) in [(none, 0), (two, 2), (four, 4)] {
        let message: Words = core::array::from_fn(|place| u64::from(place < words));
        meter.measure(row, TIMES, || server.call(0, &message).map(drop))?;
    }
    // What has no register any more goes as bytes.
    let rest = (8 - WORDS) * size_of::<u64>();
    for (row, length) in [(eight, rest), (small, 64), (large, LONGEST)] {
        let (sent, mut received) = ([1; LONGEST], [0; LONGEST]);
        meter.measure(row, TIMES, || {
            let mut message = Message::new(0, [1; WORDS]).with_bytes(&sent[..length]);
            server.call_with(&mut message, FOREVER, &mut received).map(drop)
        })?;
    }
    Ok(())
}

/// Answers each call with as much as came with it, for ever.
pub(crate) fn serve(endpoint: &Endpoint) -> Result<(), Failure> {
    let (answer, mut buffer) = ([2; LONGEST], [0; LONGEST]);
    let (mut reply, mut words, mut length) = (None, Words::default(), 0);
    loop {
        let mut message = Message::new(0, words).with_bytes(&answer[..length]);
        match endpoint.reply_receive(&mut reply, &mut message, FOREVER, &mut buffer)? {
            Received::Message(call) => (reply, words, length) = (call.reply, call.words, call.len),
            Received::Notified(_) => {}
        }
    }
}
