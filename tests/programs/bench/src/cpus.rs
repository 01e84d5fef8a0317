//! The same operations on several CPUs: both sides on one, in one space or two, or each side on
//! a CPU of its own.

use crate::calls::{serve_words, server_here};
use crate::meter::Meter;
use crate::settings::QUOTA;
use alloc::format;
use alloc::sync::Arc;
use rt::Failure;
use sys::trace::set_affinity;
use sys::{Endpoint, FOREVER, Message, Notification, Rights, WORDS};

/// Operations of [`all`]: on one CPU, and from one to another.
pub(crate) const ALL: &[&str] = &[
    "call-0-words-one-space",
    "call-0-words-same-cpu",
    "call-4096-bytes-same-cpu",
    "notification-ping-pong-same-cpu",
    "call-0-words-other-cpu",
    "call-4096-bytes-other-cpu",
    "notification-ping-pong-other-cpu",
];

const TIMES: usize = 2_000;

/// This side stays on the first CPU.
pub(crate) fn all(meter: &Meter<'_>) -> Result<(), Failure> {
    set_affinity(1)?;
    let cpus = sys::system_info()?.cpus;
    let Some((one_space, rest)) = ALL.split_first() else { return Err("no rows".into()) };
    calls_in_one_space(meter, one_space)?;
    for (rows, mask) in rest.chunks(3).zip([1, 2]) {
        let [words, bytes, signals] = rows else { return Err("three rows".into()) };
        // On one CPU there is no other.
        if mask >> cpus == 0 {
            calls(meter, words, bytes, mask)?;
            ping_pong(meter, signals, mask)?;
        }
    }
    Ok(())
}

/// Round trips to a thread of this process.
fn calls_in_one_space(meter: &Meter<'_>, row: &str) -> Result<(), Failure> {
    let endpoint = Arc::new(Endpoint::create()?);
    let server = server_here(&endpoint, serve_words)?;
    server.set_affinity(1)?;
    meter.measure(row, TIMES, || endpoint.call_words(0, &[0; WORDS]).map(drop))?;
    Ok(server.kill()?)
}

fn calls(meter: &Meter<'_>, words: &str, bytes: &str, mask: u64) -> Result<(), Failure> {
    let mask = format!("{mask}");
    let endpoint = Endpoint::create()?;
    let handles = [("endpoint", endpoint.as_handle(), Rights::RECEIVE, 0)];
    let server = meter.machine.child(&["serve-words", &mask], QUOTA, &handles, None)?;
    meter.measure(words, TIMES, || endpoint.call_words(0, &[0; WORDS]).map(drop))?;
    server.stop()?;
    let endpoint = Endpoint::create()?;
    let handles = [("endpoint", endpoint.as_handle(), Rights::RECEIVE, 0)];
    let server = meter.machine.child(&["serve", &mask], QUOTA, &handles, None)?;
    let (sent, mut received) = ([1; 4096], [0; 4096]);
    meter.measure(bytes, TIMES, || {
        let mut message = Message::new(0, [0; WORDS]).with_bytes(&sent);
        endpoint.call_with(&mut message, FOREVER, &mut received).map(drop)
    })?;
    server.stop()
}

fn ping_pong(meter: &Meter<'_>, row: &str, mask: u64) -> Result<(), Failure> {
    let (ping, pong) = (Notification::create()?, Notification::create()?);
    let handles =
        [("ping", ping.as_handle(), Rights::ALL, 0), ("pong", pong.as_handle(), Rights::ALL, 0)];
    let other = meter.machine.child(&["pong", &format!("{mask}")], QUOTA, &handles, None)?;
    meter.measure(row, TIMES, || {
        ping.signal(1)?;
        pong.wait(FOREVER).map(drop)
    })?;
    other.stop()
}
