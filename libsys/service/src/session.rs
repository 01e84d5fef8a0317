//! Sessions: things that a client opens and the server sees closed, whatever happens.
//!
//! **Shape.** A session is a badge of its own on the server's endpoint, made by the server, and
//! a lifeline. The client gets both and nothing else: it cannot pass them on, and no other
//! client can call with that badge. When the client drops its client object or dies, the kernel
//! closes the lifeline and rings the server's bell; the server finds out whose it was.
//!
//! **Trust.** Clients choose nothing but how many they open, up to [`Sessions::PER_CLIENT`]. A
//! badge that names no open session of the called interface is refused before the server's
//! code runs. Keys count on from the time since boot, so that a server that was started again
//! never gives out one that its predecessor's clients still hold.

use crate::{Interface, Refusal};
use alloc::collections::BTreeMap;
use sys::{Endpoint, Error, Lifeline, LifelineWatch, Notification, Rights, Transfers};

/// Badges of sessions have this bit; those of clients are small numbers.
const SESSION: u64 = 1 << 63;

/// The key of a session: what servers keep its state under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session(u64);

impl Session {
    /// A session with this number: for calling a server's methods directly, as tests do.
    #[must_use]
    pub fn with_number(number: u64) -> Self {
        Self(number | SESSION)
    }

    /// The session that calls with this badge, if it is a session's.
    pub(crate) fn of_badge(badge: u64) -> Option<Self> {
        (badge & SESSION != 0).then_some(Self(badge))
    }
}

/// The open sessions of a server.
#[derive(Debug)]
pub struct Sessions {
    bell: Notification,
    bits: u64,
    next: u64,
    open: BTreeMap<Session, Open>,
}

#[derive(Debug)]
struct Open {
    /// The badge of the client that opened it.
    client: u64,
    interface: &'static Interface,
    watch: LifelineWatch,
}

/// A session that is about to be opened.
#[derive(Debug)]
pub struct Opening {
    session: Session,
    open: Open,
    endpoint: Endpoint,
    held: Lifeline,
}

impl Opening {
    /// Its key.
    #[must_use]
    pub fn session(&self) -> Session {
        self.session
    }
}

impl Sessions {
    /// The most sessions that a client may have open at a time.
    pub const PER_CLIENT: usize = 64;

    /// None yet. These bits of the notification, which nothing else uses, are set when one
    /// ends; it has to be bound to the serving thread.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn on(bell: &Notification, bits: u64) -> Result<Self, Error> {
        let bell = bell.copy(Rights::ALL)?;
        Ok(Self { bell, bits, next: sys::clock(), open: BTreeMap::new() })
    }

    pub(crate) fn bits(&self) -> u64 {
        self.bits
    }

    /// The client and the interface of an open session.
    pub(crate) fn find(&self, session: Session) -> Option<(u64, &'static Interface)> {
        self.open.get(&session).map(|open| (open.client, open.interface))
    }

    /// Makes everything that a session needs, so that nothing can fail after the server's
    /// method has said yes.
    pub(crate) fn prepare(
        &mut self,
        endpoint: &Endpoint,
        client: u64,
        interface: &'static Interface,
    ) -> Result<Opening, Refusal> {
        let count = self.open.values().filter(|open| open.client == client).count();
        if count >= Self::PER_CLIENT {
            return Err(Refusal::Refused);
        }
        let session = Session::with_number(self.next);
        self.next += 1;
        let rights = Rights::SEND | Rights::TRANSFER;
        let endpoint = endpoint.badged(rights, session.0).map_err(|_| Refusal::Refused)?;
        let (watch, held) =
            Lifeline::create(&self.bell, self.bits).map_err(|_| Refusal::Refused)?;
        Ok(Opening { session, open: Open { client, interface, watch }, endpoint, held })
    }

    /// Opens it: the client's handles go into its answer. They cannot be passed on.
    pub(crate) fn open(
        &mut self,
        opening: Opening,
        transfers: &mut Transfers,
    ) -> Result<(), Error> {
        self.open.insert(opening.session, opening.open);
        transfers.push_narrowed(opening.endpoint, Rights::SEND)?;
        transfers.push_narrowed(opening.held, Rights::SIGNAL)
    }

    /// Takes one whose client is gone.
    pub(crate) fn take_closed(&mut self) -> Option<(Session, &'static Interface)> {
        let gone = |open: &Open| !open.watch.held().unwrap_or(false);
        let session = *self.open.iter().find(|(_, open)| gone(open))?.0;
        self.open.remove(&session).map(|open| (session, open.interface))
    }
}
