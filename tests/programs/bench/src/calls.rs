//! Calls of the kernel and of a server: with words, bytes, handles, lent memory, types.

use crate::children::Child;
use crate::meter::Meter;
use crate::settings::{PRIORITY, QUOTA};
use alloc::sync::Arc;
use executor::Executor;
use rt::Failure;
use service::Caller;
use sys::{
    Buffer, Endpoint, Error, FOREVER, Incoming, Memory, Message, Notification, Protection,
    Received, Rights, Thread, WORDS, Words,
};
use template_api::{Template, TemplateClient, TemplateError};

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
    "call-4096-bytes-one-space",
    "call-65536-bytes-one-space",
];
/// Operations of [`two_spaces`].
pub(crate) const TWO_SPACES: &[&str] = &[
    "call-0-words",
    "call-2-words",
    "call-4-words",
    "call-8-words",
    "call-64-bytes",
    "call-960-bytes",
    "call-4096-bytes",
    "call-65536-bytes",
];
/// Operations of [`more`].
pub(crate) const MORE: &[&str] = &["call-handle", "call-lend-4096-bytes", "call-lend-65536-bytes"];
/// Operations of [`typed`].
pub(crate) const TYPED: &[&str] = &["call-typed"];

/// The longest message.
/// Of the rows, the first ones are those with words alone.
const WORD_ROWS: usize = 3;
const LONGEST: usize = abi::MESSAGE_MAX;
/// Often enough for a distribution.
const TIMES: usize = 10_000;
/// For those that take long.
const FEW_TIMES: usize = 1_000;

/// The label of calls with memory that the server is to look at.
const LOOK: u32 = 1;

/// A call that does nothing.
pub(crate) fn null(meter: &Meter<'_>) -> Result<(), Failure> {
    meter.measure(NULL[0], TIMES, || {
        let _ = sys::clock();
        Ok::<_, Failure>(())
    })
}

/// Round trips to a thread of this process.
pub(crate) fn one_space(meter: &Meter<'_>) -> Result<(), Failure> {
    let endpoint = Arc::new(Endpoint::create()?);
    let (words, bytes) = ONE_SPACE.split_at(WORD_ROWS);
    let server = server_here(&endpoint, serve_words)?;
    word_trips(meter, &endpoint, words)?;
    server.kill()?;
    let endpoint = Arc::new(Endpoint::create()?);
    let server = server_here(&endpoint, serve_bytes)?;
    byte_trips(meter, &endpoint, bytes)?;
    Ok(server.kill()?)
}

/// A server in a thread of this process.
pub(crate) fn server_here(
    at: &Arc<Endpoint>,
    serve: fn(&Endpoint) -> Result<(), Failure>,
) -> Result<Thread, Error> {
    let endpoint = at.clone();
    sys::spawn_thread(8, PRIORITY, move || {
        // It ends with the thread.
        let _ = serve(&endpoint);
    })
}

/// Round trips to another process.
pub(crate) fn two_spaces(meter: &Meter<'_>) -> Result<(), Failure> {
    let (words, bytes) = TWO_SPACES.split_at(WORD_ROWS);
    let endpoint = Endpoint::create()?;
    let words_server = server(meter, "serve-words", &endpoint)?;
    word_trips(meter, &endpoint, words)?;
    words_server.stop()?;
    let endpoint = Endpoint::create()?;
    let bytes_server = server(meter, "serve-bytes", &endpoint)?;
    byte_trips(meter, &endpoint, bytes)?;
    bytes_server.stop()
}

/// A server in a process of its own.
pub(crate) fn server(meter: &Meter<'_>, role: &str, at: &Endpoint) -> Result<Child, Failure> {
    let handles = [("endpoint", at.as_handle(), Rights::RECEIVE, 0)];
    meter.machine.child(&[role], QUOTA, &handles, None)
}

/// Calls with words alone.
fn word_trips(meter: &Meter<'_>, server: &Endpoint, rows: &[&str]) -> Result<(), Failure> {
    for (row, words) in rows.iter().zip([0, 2, 4]) {
        let message: Words = core::array::from_fn(|place| u64::from(place < words));
        meter.measure(row, TIMES, || server.call_words(0, &message).map(drop))?;
    }
    Ok(())
}

/// Calls with bytes, each answered by as many.
fn byte_trips(meter: &Meter<'_>, server: &Endpoint, rows: &[&str]) -> Result<(), Failure> {
    // In whole pages: where the heap lays a buffer is not measured.
    let (sent, mut received) = (Buffer::new(LONGEST)?, Buffer::new(LONGEST)?);
    // What has no register any more goes as bytes.
    let rest = (8 - WORDS) * size_of::<u64>();
    for (row, length) in rows.iter().zip([rest, 64, 960, 4096, LONGEST]) {
        let times = if length < LONGEST { TIMES } else { FEW_TIMES };
        meter.measure(row, times, || {
            server.call_bytes(0, &mut [1; WORDS], &sent[..length], &mut received).map(drop)
        })?;
    }
    Ok(())
}

/// A handle that is copied and closed there; memory that is lent, mapped, read and taken back.
pub(crate) fn more(meter: &Meter<'_>) -> Result<(), Failure> {
    let endpoint = Endpoint::create()?;
    let server = server(meter, "serve", &endpoint)?;
    let [handle, small, large] = MORE else { return Err("three rows".into()) };
    let bell = Notification::create()?;
    meter.measure(handle, TIMES, || {
        let mut message = Message::new(0, Words::default());
        message.transfers.push_copy(&bell, Rights::ALL)?;
        endpoint.call_with(&mut message, FOREVER, &mut []).map(drop)
    })?;
    for (row, length) in [(small, 4096), (large, 65_536)] {
        let buffer = Buffer::new(length)?;
        meter.measure(row, FEW_TIMES, || {
            let lent = buffer.lend(|shown| {
                let mut message = Message::new(LOOK, Words::default());
                message.transfers.push_copy(shown, Rights::ALL)?;
                endpoint.call_with(&mut message, FOREVER, &mut []).map(drop)
            });
            lent?
        })?;
    }
    server.stop()
}

/// Answers each call with its words, for ever.
pub(crate) fn serve_words(endpoint: &Endpoint) -> Result<(), Failure> {
    let (mut reply, mut words) = (None, Words::default());
    loop {
        endpoint.reply_receive_words(&mut reply, 0, &mut words)?;
    }
}

/// Answers each call with as many words and bytes as came with it, for ever.
pub(crate) fn serve_bytes(endpoint: &Endpoint) -> Result<(), Failure> {
    let (answer, mut buffer) = (Buffer::new(LONGEST)?, Buffer::new(LONGEST)?);
    let (mut reply, mut words, mut length) = (None, Words::default(), 0);
    loop {
        let bytes = &answer[..length];
        let next = endpoint.reply_receive_bytes(&mut reply, 0, &mut words, bytes, &mut buffer)?;
        length = next.1;
    }
}

/// Answers each call with its words, after a look at what came with it, for ever.
pub(crate) fn serve(endpoint: &Endpoint) -> Result<(), Failure> {
    let (mut reply, mut words) = (None, Words::default());
    loop {
        let mut message = Message::new(0, words);
        match endpoint.reply_receive(&mut reply, &mut message, FOREVER, &mut [])? {
            Received::Message(call) if call.label == LOOK => reply = look(call)?,
            Received::Message(call) => (reply, words) = (call.reply, call.words),
            Received::Notified(_) => {}
        }
    }
}

/// Looks at the memory that came with a call.
fn look(call: Incoming) -> Result<Option<sys::ReplyRight>, Failure> {
    let [Some(memory), ..] = call.handles else { return Err("no memory".into()) };
    let mapping = Memory::from(memory).map_own(Protection::Read)?;
    mapping.read_at(0, &mut [0; 8])?;
    Ok(call.reply)
}

/// A method of an interface, with two numbers.
pub(crate) fn typed(meter: &Meter<'_>) -> Result<(), Failure> {
    let endpoint = Endpoint::create()?;
    let server = server(meter, "serve-typed", &endpoint)?;
    let client = TemplateClient::from_endpoint(endpoint);
    meter.measure(TYPED[0], TIMES, || client.add(40, 2).map(drop).map_err(Failure::new))?;
    server.stop()
}

struct Adder;

impl Template for Adder {
    fn greet(&mut self, _: &Caller, _: service::String) -> Result<service::String, TemplateError> {
        Err(TemplateError::NoName)
    }

    fn add(&mut self, _: &Caller, a: u64, b: u64) -> Result<u64, TemplateError> {
        Ok(a.wrapping_add(b))
    }
}

/// Serves the interface of [`typed`].
pub(crate) fn serve_typed(env: &rt::Env) -> Result<(), Failure> {
    Executor::new()?.serve::<dyn Template>(env.handle("endpoint")?, &mut Adder)?;
    Ok(())
}
