//! One call of a typed client: its connection, its time-out, its handles.

use crate::{CallError, Client, Never};
use serde::{Serialize, de::DeserializeOwned};
use sys::{Error, Handles, Object, OwnedHandle, Rights, Transfers};

/// What typed clients call through: a [`Client`], or one [`Within`] a time of its own.
pub trait Connection {
    /// The client.
    fn client(&self) -> &Client;

    /// The time-out of a call, if it has one.
    fn timeout_ns(&self) -> Option<u64>;
}

impl Connection for Client {
    fn client(&self) -> &Client {
        self
    }

    fn timeout_ns(&self) -> Option<u64> {
        Client::timeout_ns(self)
    }
}

/// A client that is borrowed for calls with a time-out of their own.
#[derive(Clone, Copy, Debug)]
pub struct Within<'a> {
    client: &'a Client,
    timeout_ns: u64,
}

impl<'a> Within<'a> {
    /// Calls of this client that end after `ns` nanoseconds.
    #[must_use]
    pub fn new(connection: &'a impl Connection, timeout_ns: u64) -> Self {
        Self { client: connection.client(), timeout_ns }
    }
}

impl Connection for Within<'_> {
    fn client(&self) -> &Client {
        self.client
    }

    fn timeout_ns(&self) -> Option<u64> {
        Some(self.timeout_ns)
    }
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The label.
    pub label: u32,
    /// Whether it may be done twice.
    pub idempotent: bool,
}

/// One call to make. The attribute's code uses it; programs call typed methods.
#[derive(Debug)]
#[must_use = "nothing is called before `call`"]
pub struct Request<'a> {
    client: &'a Client,
    deadline_ns: u64,
    attempt: Attempt,
    transfers: Result<Transfers, Error>,
}

impl<'a> Request<'a> {
    /// Its time begins now.
    pub fn new(connection: &'a impl Connection, attempt: Attempt) -> Self {
        let timeout = connection.timeout_ns();
        let deadline_ns = timeout.map_or(sys::FOREVER, |ns| sys::clock().saturating_add(ns));
        Self { client: connection.client(), deadline_ns, attempt, transfers: Ok(Transfers::none()) }
    }

    /// Adds handles that go away with the message.
    pub fn give(&mut self, things: impl Handles) {
        self.add(|transfers| transfers.push_all(things));
    }

    /// Adds a copy of a handle.
    pub fn give_copy(&mut self, object: &impl Object, rights: Rights) {
        self.add(|transfers| transfers.push_copy(object, rights));
    }

    /// The first failure is the call's.
    fn add(&mut self, push: impl FnOnce(&mut Transfers) -> Result<(), Error>) {
        if let Ok(transfers) = &mut self.transfers
            && let Err(error) = push(transfers)
        {
            self.transfers = Err(error);
        }
    }

    /// Calls with a tuple of arguments.
    ///
    /// # Errors
    /// All of [`CallError`].
    pub fn call<A: Serialize, T: DeserializeOwned, E: DeserializeOwned>(
        self,
        arguments: &A,
    ) -> Result<(T, ReceivedHandles), CallError<E>> {
        let Self { client, deadline_ns, attempt, transfers } = self;
        let answer = client.call_until(attempt, deadline_ns, arguments, transfers);
        finish(answer)
    }

    /// The same with lent bytes that the answer fills.
    ///
    /// # Errors
    /// All of [`CallError`].
    pub fn call_filling<A: Serialize, T: DeserializeOwned, E: DeserializeOwned>(
        self,
        arguments: &A,
        room: &mut [u8],
    ) -> Result<(T, ReceivedHandles), CallError<E>> {
        let Self { client, deadline_ns, attempt, transfers } = self;
        let answer = client.call_filling(attempt, deadline_ns, arguments, transfers, room);
        finish(answer)
    }
}

/// The value and the handles, or what was wrong.
fn finish<T, E>(
    answer: Result<(Result<T, E>, ReceivedHandles), CallError<Never>>,
) -> Result<(T, ReceivedHandles), CallError<E>> {
    let (result, received) = answer.map_err(CallError::widen)?;
    result.map(|value| (value, received)).map_err(CallError::Service)
}

/// The handles that came with an answer; those that are not taken are closed.
#[derive(Debug)]
pub struct ReceivedHandles([Option<OwnedHandle>; abi::MESSAGE_HANDLES]);

impl ReceivedHandles {
    pub(crate) fn new(handles: [Option<OwnedHandle>; abi::MESSAGE_HANDLES]) -> Self {
        Self(handles)
    }

    /// The next ones.
    ///
    /// # Errors
    /// [`CallError::Malformed`] when too few came.
    pub fn take<H: Handles, E>(&mut self) -> Result<H, CallError<E>> {
        take(&mut self.0).ok_or(CallError::Malformed)
    }
}

/// Takes handles from their places, in order.
pub(crate) fn take<H: Handles>(handles: &mut [Option<OwnedHandle>]) -> Option<H> {
    H::from_handles(&mut handles.iter_mut().filter_map(Option::take))
}
