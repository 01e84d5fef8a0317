//! The server's side: receive, dispatch, answer.

use crate::call::Outgoing;
use crate::codec::Payload;
use crate::session::{Session, Sessions};
use crate::shape::MethodShape;
use crate::{Call, Caller, Interface, Never, Refusal, Reply, builtin, label};
use abi::KERNEL_LABELS;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::marker::PhantomData;
use sys::{Endpoint, Error, FOREVER, Incoming, Notification, Received, ReplyRight};

/// What can be served: `dyn Trait` for every trait with the attribute, and servers of several
/// interfaces by [`together!`](crate::together).
pub trait Dispatch {
    /// What it serves first of all: what `connect` and `describe` mean.
    const INTERFACE: &'static Interface;
    /// All that it serves.
    const INTERFACES: &'static [&'static Interface] = &[Self::INTERFACE];
    /// Whether a method opens sessions.
    const OPENS: bool;
    /// The wire form of its methods, for documentation.
    const SHAPES: &'static [MethodShape] = &[];

    /// Runs one method of one of its interfaces.
    ///
    /// # Errors
    /// When the request cannot be read or no method has the number.
    fn dispatch(
        &mut self,
        interface: &Interface,
        method: u16,
        call: &mut Call<'_>,
    ) -> Result<(), Refusal>;

    /// A session of one of its interfaces has ended.
    fn closed(&mut self, interface: &Interface, session: Session) {
        let _ = (interface, session);
    }
}

/// Makes one server of several interfaces: `service::together!(Server: Files, File);`. The
/// first is the one that clients connect to; the others are mostly those of its sessions.
///
/// ```compile_fail
/// # // Two interfaces that no label tells apart do not build.
/// #[service::interface(version = 1)]
/// trait A { fn a(&mut self) -> Result<(), service::Never>; }
/// struct S;
/// impl A for S { fn a(&mut self, _: &service::Caller) -> Result<(), service::Never> { Ok(()) } }
/// service::together!(S: A, A);
/// ```
#[macro_export]
macro_rules! together {
    ($server:ty: $first:path $(, $more:path)+ $(,)?) => {
        impl $crate::Dispatch for $server {
            const INTERFACE: &'static $crate::Interface =
                <dyn $first as $crate::Dispatch>::INTERFACE;
            const INTERFACES: &'static [&'static $crate::Interface] = &[
                <dyn $first as $crate::Dispatch>::INTERFACE,
                $(<dyn $more as $crate::Dispatch>::INTERFACE),+
            ];
            const OPENS: bool = <dyn $first as $crate::Dispatch>::OPENS
                $(|| <dyn $more as $crate::Dispatch>::OPENS)+;

            fn dispatch(
                &mut self,
                interface: &$crate::Interface,
                method: u16,
                call: &mut $crate::Call<'_>,
            ) -> ::core::result::Result<(), $crate::Refusal> {
                const {
                    assert!(
                        $crate::distinct(<$server as $crate::Dispatch>::INTERFACES),
                        "two of the interfaces cannot be told apart: change a version"
                    );
                }
                $crate::together!(@each self, interface,
                    one => $crate::Dispatch::dispatch(one, interface, method, call),
                    $first $(, $more)+);
                ::core::result::Result::Err($crate::Refusal::VersionMismatch)
            }

            fn closed(&mut self, interface: &$crate::Interface, session: $crate::Session) {
                $crate::together!(@each self, interface,
                    one => $crate::Dispatch::closed(one, interface, session),
                    $first $(, $more)+);
            }
        }
    };
    (@each $server:ident, $interface:ident, $one:ident => $act:expr, $($all:path),+) => {
        $(
            if $interface.hash == <dyn $all as $crate::Dispatch>::INTERFACE.hash {
                let $one: &mut dyn $all = $server;
                return $act;
            }
        )+
    };
}

/// What [`Server::next`] returns for.
#[derive(Debug)]
pub enum Event {
    /// A call was dispatched; its answer goes out with the next `next`, or at once with
    /// [`Server::flush`]. Or a session ended, and the server's `closed` was called.
    Handled,
    /// Bits of the notification that is bound to this thread.
    Notified(u64),
    /// A message that is not the interface's, such as a fault.
    Raw(Box<Raw>),
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
    sessions: Option<Sessions>,
    /// Whether one of them may have ended.
    look: bool,
    interface: PhantomData<fn(&mut D)>,
}

impl<D: Dispatch + ?Sized> Server<D> {
    /// For an endpoint with the right to receive.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        let most = D::INTERFACES.iter().map(|interface| interface.max_message).max();
        let most = most.and_then(|most| usize::try_from(most).ok());
        let capacity = most.unwrap_or(crate::DEFAULT_MESSAGE);
        Self {
            endpoint,
            buffer: vec![0; capacity],
            right: None,
            answer: Outgoing::default(),
            sessions: None,
            look: false,
            interface: PhantomData,
        }
    }

    /// The same with sessions, which a server needs whose methods open some.
    #[must_use]
    pub fn with_sessions(self, sessions: Sessions) -> Self {
        Self { sessions: Some(sessions), ..self }
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
            if self.close_one(server) {
                return Ok(Event::Handled);
            }
            let mut message = self.answer.message();
            let received = self.endpoint.reply_receive(
                &mut self.right,
                &mut message,
                deadline_ns,
                &mut self.buffer,
            );
            match received {
                Ok(Received::Notified(bits)) => {
                    let ours = self.sessions.as_ref().map_or(0, Sessions::bits);
                    self.look |= bits & ours != 0;
                    if bits & !ours != 0 {
                        return Ok(Event::Notified(bits & !ours));
                    }
                }
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

    /// Ends a session whose client is gone.
    fn close_one(&mut self, server: &mut D) -> bool {
        if !self.look {
            return false;
        }
        let closed = self.sessions.as_mut().and_then(Sessions::take_closed);
        self.look = closed.is_some();
        let Some((session, interface)) = closed else { return false };
        // No caller should wait for an answer until the server has tidied up.
        self.flush();
        server.closed(interface, session);
        true
    }

    fn deal(&mut self, mut incoming: Incoming, server: &mut D) -> Event {
        let len = incoming.len.min(self.buffer.len());
        if incoming.label >= KERNEL_LABELS {
            let bytes = self.buffer[..len].to_vec();
            return Event::Raw(Box::new(Raw { message: incoming, bytes }));
        }
        self.right = incoming.reply.take();
        let words = incoming.words.map(u64::to_le_bytes);
        let mut call = Call {
            caller: Caller::with_badge(incoming.badge),
            payload: Payload::of(words.as_flattened(), &self.buffer[..len]),
            handles: incoming.handles,
            right: &mut self.right,
            answer: &mut self.answer,
            endpoint: &self.endpoint,
            sessions: self.sessions.as_mut(),
        };
        if let Err(refusal) = answer(incoming.label, server, &mut call) {
            self.answer.refuse(refusal);
        }
        Event::Handled
    }
}

/// Checks label and session and runs the method, which may be one that every service has.
fn answer<D: Dispatch + ?Sized>(
    called: u32,
    server: &mut D,
    call: &mut Call<'_>,
) -> Result<(), Refusal> {
    let [a, b, ..] = called.to_le_bytes();
    let method = u16::from_le_bytes([a, b]);
    let session = call.enter_session()?;
    let callable = |interface: &&&Interface| match session {
        None => !interface.session,
        Some(of) => interface.hash == of.hash,
    };
    let mut interfaces = D::INTERFACES.iter().filter(callable);
    let builtin_one = session.unwrap_or(D::INTERFACE);
    if method >= builtin::FIRST && called != u32::from(method) {
        return Err(Refusal::VersionMismatch);
    }
    match method {
        builtin::HELLO => {
            let hash: u64 = call.arguments()?;
            let interface = interfaces.find(|interface| interface.hash == hash);
            let interface = interface.ok_or(Refusal::VersionMismatch)?;
            call.answer::<u32, Never>(&Ok(interface.version));
            Ok(())
        }
        builtin::DESCRIBE => {
            call.answer::<&Interface, Never>(&Ok(builtin_one));
            Ok(())
        }
        method if method >= builtin::FIRST => server.dispatch(builtin_one, method, call),
        method => {
            let interface = interfaces.find(|interface| label(method, interface.hash) == called);
            server.dispatch(interface.ok_or(Refusal::VersionMismatch)?, method, call)
        }
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
    if D::OPENS {
        let bell = Notification::create()?;
        bell.bind()?;
        receiver = receiver.with_sessions(Sessions::on(&bell, 1)?);
    }
    loop {
        receiver.next(server)?;
    }
}
