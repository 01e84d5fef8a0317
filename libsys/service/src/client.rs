//! The client's side: encode, call, retry, decode.

use crate::codec::{CodecError, decode, decode_beside, encode, joined, split};
use crate::retry::{CONNECT_NS, Until, try_call};
use crate::{
    Attempt, CallError, DEFAULT_MESSAGE, Description, Interface, Never, ReceivedHandles, Request,
    builtin, label,
};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use serde::{Serialize, de::DeserializeOwned};
use sys::{Answer, Endpoint, Lifeline, Message, Transfers, Words};

/// What all typed clients have in common. The attribute's `…Client` types wrap it.
#[derive(Debug)]
pub struct Client {
    endpoint: Arc<Endpoint>,
    timeout_ns: Option<u64>,
    buffers: RefCell<Buffers>,
    /// Closed with the client and its twins: so the server learns that the session is over.
    held: Option<Arc<Lifeline>>,
}

/// Bytes that an answer fills are received in their place from this length on, where it is long
/// enough for each error of a service.
const IN_PLACE: usize = 1024;

/// Kept from call to call, so that a call does not allocate.
#[derive(Debug)]
struct Buffers {
    send: Vec<u8>,
    receive: Vec<u8>,
    capacity: usize,
}

impl Buffers {
    fn of(capacity: usize) -> Self {
        Self { send: Vec::new(), receive: Vec::new(), capacity }
    }
}

impl Client {
    /// For an endpoint with the right to send; messages are at most so long.
    #[must_use]
    pub fn new(endpoint: Endpoint, max_message: u32) -> Self {
        let capacity = usize::try_from(max_message).unwrap_or(DEFAULT_MESSAGE);
        let buffers = RefCell::new(Buffers::of(capacity));
        Self { endpoint: Arc::new(endpoint), timeout_ns: None, buffers, held: None }
    }

    /// A client of the same endpoint, and the same session, for another thread: each makes a call at
    /// a time.
    #[must_use]
    pub fn twin(&self) -> Self {
        let capacity = self.buffers.try_borrow().map_or(DEFAULT_MESSAGE, |it| it.capacity);
        Self {
            endpoint: self.endpoint.clone(),
            timeout_ns: self.timeout_ns,
            buffers: RefCell::new(Buffers::of(capacity)),
            held: self.held.clone(),
        }
    }

    /// For a session: open as long as the lifeline is held.
    #[must_use]
    pub fn in_session(endpoint: Endpoint, max_message: u32, held: Lifeline) -> Self {
        Self { held: Some(Arc::new(held)), ..Self::new(endpoint, max_message) }
    }

    /// Connects by name and checks that both sides have the same interface.
    ///
    /// # Errors
    /// [`CallError::Refused`] when the name server knows no such name or this program may
    /// not use it, [`CallError::VersionMismatch`] when the interfaces differ,
    /// [`CallError::TimedOut`] when one of the two does not answer within ten seconds.
    pub fn connect(
        names: &Endpoint,
        name: &str,
        interface: &Interface,
    ) -> Result<Self, CallError<Never>> {
        let client = Self::new(connect(names, name)?, interface.max_message);
        let client = client.with_timeout(CONNECT_NS);
        let hello = Attempt { label: label(builtin::HELLO, 0), idempotent: true };
        let _: (u32, ReceivedHandles) = Request::new(&client, hello).call(&(interface.hash,))?;
        Ok(Self { timeout_ns: None, ..client })
    }

    /// Every call from now on ends after `ns` nanoseconds, all its attempts together.
    #[must_use]
    pub fn with_timeout(self, ns: u64) -> Self {
        Self { timeout_ns: Some(ns), ..self }
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) fn timeout_ns(&self) -> Option<u64> {
        self.timeout_ns
    }

    /// Calls with a tuple of arguments and handles: what is encoded in the answer.
    pub(crate) fn call_until<A: Serialize, T: DeserializeOwned>(
        &self,
        attempt: Attempt,
        deadline_ns: u64,
        arguments: &A,
        transfers: Result<Transfers, sys::Error>,
    ) -> Result<(T, ReceivedHandles), CallError<Never>> {
        let transfers = transfers.map_err(CallError::Kernel)?;
        // A call out of a signal handler, into the call it interrupted, finds them taken.
        let Ok(mut buffers) = self.buffers.try_borrow_mut() else {
            return Err(CallError::Kernel(sys::Error::BadState));
        };
        let Buffers { send, receive, capacity } = &mut *buffers;
        let words = encode(arguments, send).map_err(codec_error)?;
        fits(send, *capacity)?;
        receive.resize(*capacity, 0);
        let answer = self.exchange(attempt, deadline_ns, (words, send), transfers, receive)?;
        let len = answer.len.min(receive.len());
        let value = decode(&answer.words, &receive[..len]).map_err(codec_error)?;
        Ok((value, ReceivedHandles::new(answer.handles)))
    }

    /// The same where bytes come beside the value: they are put into `room`. What was in it is
    /// undefined when the call fails.
    pub(crate) fn call_filling<A: Serialize, T: DeserializeOwned>(
        &self,
        attempt: Attempt,
        deadline_ns: u64,
        arguments: &A,
        transfers: Result<Transfers, sys::Error>,
        room: &mut [u8],
    ) -> Result<(T, ReceivedHandles), CallError<Never>> {
        let transfers = transfers.map_err(CallError::Kernel)?;
        let Ok(mut buffers) = self.buffers.try_borrow_mut() else {
            return Err(CallError::Kernel(sys::Error::BadState));
        };
        let Buffers { send, receive, capacity } = &mut *buffers;
        let message = (encode(arguments, send).map_err(codec_error)?, send.as_slice());
        fits(send, *capacity)?;
        if room.len() >= IN_PLACE {
            let answer = self.exchange(attempt, deadline_ns, message, transfers, room)?;
            let len = answer.len.min(room.len());
            let (value, filled) =
                decode_beside(&answer.words, &room[..len]).map_err(codec_error)?;
            let first = len - filled.len();
            if first > 0 {
                room.copy_within(first..len, 0);
            }
            return Ok((value, ReceivedHandles::new(answer.handles)));
        }
        receive.resize(*capacity, 0);
        let answer = self.exchange(attempt, deadline_ns, message, transfers, receive)?;
        let len = answer.len.min(receive.len());
        let (value, filled) = decode_beside(&answer.words, &receive[..len]).map_err(codec_error)?;
        room.get_mut(..filled.len()).ok_or(CallError::Malformed)?.copy_from_slice(filled);
        Ok((value, ReceivedHandles::new(answer.handles)))
    }

    fn exchange(
        &self,
        attempt: Attempt,
        deadline_ns: u64,
        (words, bytes): (Words, &[u8]),
        transfers: Transfers,
        receive: &mut [u8],
    ) -> Result<Answer, CallError<Never>> {
        let mut message = Message { label: attempt.label, words, bytes, transfers };
        let until = Until { deadline_ns, again: attempt.idempotent };
        try_call(&self.endpoint, &mut message, until, receive)
    }
}

fn fits(bytes: &[u8], capacity: usize) -> Result<(), CallError<Never>> {
    if bytes.len() > capacity { Err(CallError::TooLong) } else { Ok(()) }
}

fn codec_error<E>(error: CodecError) -> CallError<E> {
    match error {
        CodecError::Malformed => CallError::Malformed,
        CodecError::TooLong => CallError::TooLong,
    }
}

/// Asks the name server for the endpoint of a service.
///
/// # Errors
/// [`CallError::Refused`] when it knows no such name or this program may not use it.
pub fn connect(names: &Endpoint, name: &str) -> Result<Endpoint, CallError<Never>> {
    let mut bytes = Vec::new();
    let words = encode(&(name,), &mut bytes).map_err(codec_error)?;
    let mut message = Message::new(label(builtin::CONNECT, 0), words).with_bytes(&bytes);
    let answer = try_call(names, &mut message, Until::connected(), &mut [0; 128])?;
    let [handle, ..] = answer.handles;
    handle.map(Endpoint::from).ok_or(CallError::Refused)
}

/// Calls with arguments that are encoded already and gives back the encoded `Result`: for
/// programs that know the interface only by its [`Description`]. A handle that comes is closed.
///
/// # Errors
/// All of [`CallError`] but a service's own, which is in the answer.
pub fn call_encoded(
    endpoint: &Endpoint,
    label: u32,
    arguments: &[u8],
) -> Result<Vec<u8>, CallError<Never>> {
    let mut buffer = alloc::vec![0; abi::MESSAGE_MAX / 4];
    let (words, bytes) = split(arguments);
    let mut message = Message::new(label, words).with_bytes(bytes);
    let answer = try_call(endpoint, &mut message, Until::TRIED, &mut buffer)?;
    Ok(joined(&answer.words, buffer.get(..answer.len).unwrap_or(&[])))
}

/// Asks any service what it is.
///
/// # Errors
/// All of [`CallError`] but a service's own.
pub fn describe(endpoint: &Endpoint) -> Result<Description, CallError<Never>> {
    let mut buffer = alloc::vec![0; abi::MESSAGE_MAX / 4];
    let mut message = Message::new(label(builtin::DESCRIBE, 0), Words::default());
    let answer = try_call(endpoint, &mut message, Until::connected(), &mut buffer)?;
    let told: Result<Description, Never> =
        decode(&answer.words, buffer.get(..answer.len).unwrap_or(&[])).map_err(codec_error)?;
    match told {
        Ok(description) => Ok(description),
        Err(never) => match never {},
    }
}
