//! The server's side: receive, dispatch, answer.

use crate::call::Outgoing;
use crate::{Call, Caller, Interface, Never, Refusal, Reply, builtin, label};
use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::marker::PhantomData;
use sys::{Endpoint, Error, FOREVER, Incoming, Received, ReplyRight};

/// Labels from here on are the kernel's.
const KERNEL_LABELS: u32 = 0xffff_0000;

/// What can be served: `dyn Trait` for every trait with the attribute.
pub trait Dispatch {
    /// What it serves.
    const INTERFACE: &'static Interface;

    /// Runs one method.
    ///
    /// # Errors
    /// When the request cannot be read or no method has the number.
    fn dispatch(&mut self, method: u16, call: &mut Call<'_>) -> Result<(), Refusal>;
}

/// What [`Server::next`] returns for.
#[derive(Debug)]
pub enum Event {
    /// A call was dispatched. Its answer goes out with the next `next`, or at once with
    /// [`Server::flush`].
    Handled,
    /// Bits of the notification that is bound to this thread.
    Notified(u64),
    /// A message that is not the interface's, such as a fault.
    Raw(Raw),
}

/// A message that is not the interface's.
#[derive(Debug)]
pub struct Raw {
    /// The message; its `reply` is for the server to use.
    pub message: Incoming,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Receives for an endpoint and dispatches to D, which is `dyn Trait`.
#[derive(Debug)]
pub struct Server<D: Dispatch + ?Sized> {
    endpoint: Endpoint,
    buffer: Vec<u8>,
    right: Option<ReplyRight>,
    answer: Outgoing,
    interface: PhantomData<fn(&mut D)>,
}

impl<D: Dispatch + ?Sized> Server<D> {
    /// For an endpoint with the right to receive.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        let capacity = usize::try_from(D::INTERFACE.max_message).unwrap_or(crate::DEFAULT_MESSAGE);
        Self {
            endpoint,
            buffer: vec![0; capacity],
            right: None,
            answer: Outgoing::default(),
            interface: PhantomData,
        }
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends the answer to the last call, waits for one event, and deals with it if it is
    /// a call.
    ///
    /// # Errors
    /// When the endpoint cannot be received from.
    pub fn next(&mut self, server: &mut D) -> Result<Event, Error> {
        self.next_until(FOREVER, server)
    }

    /// The same with a deadline.
    ///
    /// # Errors
    /// [`Error::TimedOut`] at the deadline, others as for [`Server::next`].
    pub fn next_until(&mut self, deadline_ns: u64, server: &mut D) -> Result<Event, Error> {
        loop {
            let mut message = self.answer.message();
            let received = self.endpoint.reply_receive(
                &mut self.right,
                &mut message,
                deadline_ns,
                &mut self.buffer,
            );
            match received {
                Ok(Received::Notified(bits)) => return Ok(Event::Notified(bits)),
                Ok(Received::Message(incoming)) => return Ok(self.deal(incoming, server)),
                // The answer cannot be sent: tell the caller that.
                Err(_) if self.right.is_some() && !self.answer.refuses() => {
                    self.answer.refuse(Refusal::TooLong);
                }
                Err(Error::Interrupted) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends the answer to the last call now instead of with the next wait.
    pub fn flush(&mut self) {
        let Some(right) = self.right.take() else { return };
        if let Err((_, Some(right))) = right.reply(&mut self.answer.message()) {
            Reply::<Never>::new(Some(right)).refuse(Refusal::TooLong);
        }
    }

    fn deal(&mut self, mut incoming: Incoming, server: &mut D) -> Event {
        let len = incoming.len.min(self.buffer.len());
        if incoming.label >= KERNEL_LABELS {
            return Event::Raw(Raw { message: incoming, bytes: self.buffer[..len].to_vec() });
        }
        self.right = incoming.reply.take();
        self.answer.refuse(Refusal::Malformed);
        let mut call = Call {
            caller: Caller::with_badge(incoming.badge),
            words: incoming.words,
            bytes: &self.buffer[..len],
            handles: incoming.handles,
            right: &mut self.right,
            answer: &mut self.answer,
        };
        if let Err(refusal) = answer(incoming.label, server, &mut call) {
            self.answer.refuse(refusal);
        }
        Event::Handled
    }
}

/// Checks the label and runs the method, which may be one that every service has.
fn answer<D: Dispatch + ?Sized>(
    called: u32,
    server: &mut D,
    call: &mut Call<'_>,
) -> Result<(), Refusal> {
    let interface = D::INTERFACE;
    let [a, b, ..] = called.to_le_bytes();
    let method = u16::from_le_bytes([a, b]);
    if called != label(method, interface.hash) {
        return Err(Refusal::VersionMismatch);
    }
    match method {
        builtin::HELLO if call.arguments::<u64>()? != interface.hash => {
            Err(Refusal::VersionMismatch)
        }
        builtin::HELLO => {
            call.answer::<u32, Never>(&Ok(interface.version));
            Ok(())
        }
        builtin::DESCRIBE => {
            call.answer::<&Interface, Never>(&Ok(interface));
            Ok(())
        }
        method => server.dispatch(method, call),
    }
}

/// Serves calls for ever. Notifications and messages that are not the interface's are
/// dropped: servers that need them use [`Server`].
///
/// # Errors
/// When the endpoint cannot be received from.
pub fn serve<D: Dispatch + ?Sized>(
    endpoint: Endpoint,
    server: &mut D,
) -> Result<Infallible, Error> {
    let mut receiver = Server::<D>::new(endpoint);
    loop {
        receiver.next(server)?;
    }
}
