//! Waiting for many sockets at once.
//!
//! A poll has one notification; `net` sets a bit of it when a socket that has nothing to tell has
//! something. An event is told of once: again when the program has read, or has found no room to
//! write, as the edges of other systems are.
//!
//! **Limits.** Sockets only: for other descriptors adding fails with `NotImplemented`, which the
//! standard library shows as `Unsupported`. A socket belongs to the last poll that it was added to.

use super::answer::{Result, of_kernel};
use super::descriptors::{self, Open};
use super::lock::Mutex;
use super::net::{LOOK, Readiness};
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use moto_rt::poll::{
    Event, POLL_ERROR, POLL_READ_CLOSED, POLL_READABLE, POLL_WRITABLE, POLL_WRITE_CLOSED,
};
use moto_rt::{Error, RtFd};
use net_api::{Interest, NetError};
use sys::Notification;

/// The bit of a thread that wakes the one that waits.
const WAKE: u64 = 1 << 63;
/// Bits that sources share.
const SOURCE_BITS: u32 = 62;
/// How long a socket counts as watched. A `net` that died signals nothing, so its sockets are
/// looked at again.
const WATCHED_NS: u64 = 1_000_000_000;
/// All events of a broken socket.
const BROKEN: u64 = POLL_ERROR | POLL_READ_CLOSED | POLL_WRITE_CLOSED;

/// A set of sockets that are waited for.
pub(super) struct Poll {
    bell: Arc<Notification>,
    sources: Mutex<BTreeMap<RtFd, Source>>,
    /// Sources that were added so far.
    count: AtomicU32,
    /// When all sources are looked at again.
    again_ns: AtomicU64,
}

/// A socket of the set.
struct Source {
    /// Closing a descriptor takes it out of the set.
    open: Weak<Open>,
    token: u64,
    interests: u64,
    bit: u64,
    /// What `net` watches it for.
    watched: u64,
}

impl Poll {
    pub(super) fn new() -> Result<Self> {
        let bell = Arc::new(Notification::create().map_err(of_kernel)?);
        let (count, again_ns) = (AtomicU32::new(0), AtomicU64::new(0));
        Ok(Self { bell, sources: Mutex::new(BTreeMap::new()), count, again_ns })
    }

    pub(super) fn add(&self, fd: RtFd, token: u64, interests: u64) -> Result<()> {
        let open = descriptors::get(fd)?;
        let readiness = readiness(&open)?;
        let mut sources = self.sources.lock();
        if sources.get(&fd).is_some_and(|source| source.open.strong_count() > 0) {
            return Err(Error::AlreadyInUse);
        }
        let bit = 1 << (self.count.fetch_add(1, Ordering::Relaxed) % SOURCE_BITS);
        readiness.begin(&self.bell);
        let open = Arc::downgrade(&open);
        sources.insert(fd, Source { open, token, interests, bit, watched: 0 });
        self.look_again()
    }

    pub(super) fn set(&self, fd: RtFd, token: u64, interests: u64) -> Result<()> {
        let mut sources = self.sources.lock();
        let source = sources.get_mut(&fd).ok_or(Error::NotFound)?;
        let open = source.open.upgrade().ok_or(Error::BadHandle)?;
        readiness(&open)?.begin(&self.bell);
        (source.token, source.interests) = (token, interests);
        self.look_again()
    }

    pub(super) fn remove(&self, fd: RtFd) -> Result<()> {
        let source = self.sources.lock().remove(&fd).ok_or(Error::NotFound)?;
        if let Some(open) = source.open.upgrade() {
            readiness(&open)?.end();
            // What it was watched for is no news any more; one that is gone has none.
            let _ = watch(&open, 0, &self.bell, 0);
        }
        Ok(())
    }

    /// Ends one wait, or the next.
    pub(super) fn wake(&self) -> Result<()> {
        self.bell.signal(WAKE).map_err(of_kernel)
    }

    fn look_again(&self) -> Result<()> {
        self.bell.signal(LOOK).map_err(of_kernel)
    }

    /// Waits for events until the deadline: at most this number of them.
    pub(super) fn wait(&self, deadline_ns: u64, most: usize) -> Result<Vec<Event>> {
        loop {
            let again_ns = self.forget_old_watches();
            let bits = self.bell.poll().unwrap_or(0);
            let events = self.collect(bits, most);
            if !events.is_empty() || bits & WAKE != 0 {
                return Ok(events);
            }
            let bits = match self.bell.wait(deadline_ns.min(again_ns)) {
                Ok(bits) => bits,
                Err(sys::Error::TimedOut) if sys::clock() < deadline_ns => continue,
                Err(sys::Error::TimedOut) => return Ok(events),
                Err(error) => return Err(of_kernel(error)),
            };
            let events = self.collect(bits, most);
            if !events.is_empty() || bits & WAKE != 0 {
                return Ok(events);
            }
        }
    }

    /// Once in a while no source counts as watched: when that is next.
    fn forget_old_watches(&self) -> u64 {
        let (now_ns, again_ns) = (sys::clock(), self.again_ns.load(Ordering::Relaxed));
        if now_ns < again_ns {
            return again_ns;
        }
        self.sources.lock().values_mut().for_each(|source| source.watched = 0);
        let again_ns = now_ns.saturating_add(WATCHED_NS);
        self.again_ns.store(again_ns, Ordering::Relaxed);
        again_ns
    }

    /// The events of sources, of which those with these bits were signalled. Others are watched.
    fn collect(&self, bits: u64, most: usize) -> Vec<Event> {
        let mut events = Vec::new();
        self.sources.lock().retain(|_, source| {
            let Some(open) = source.open.upgrade() else { return false };
            if bits & source.bit != 0 {
                source.watched = 0;
            }
            if events.len() < most
                && let Some(event) = source.event(&open, &self.bell)
            {
                events.push(event);
            }
            true
        });
        if events.len() >= most {
            // The others are looked at by the next call.
            let _ = self.look_again();
        }
        events
    }
}

impl Source {
    fn event(&mut self, open: &Open, bell: &Notification) -> Option<Event> {
        let readiness = readiness(open).ok()?;
        let wanted = self.interests & (POLL_READABLE | POLL_WRITABLE) & !readiness.told();
        if wanted == self.watched || readiness.told() & POLL_ERROR != 0 {
            return None;
        }
        let found = watch(open, wanted, bell, self.bit);
        self.watched = 0;
        let events = match found {
            Ok(Interest { receive: false, send: false }) => {
                self.watched = wanted;
                return None;
            }
            Ok(Interest { receive, send }) => {
                let bit = |is_ready, bit| if is_ready { bit } else { 0 };
                bit(receive, POLL_READABLE) | bit(send, POLL_WRITABLE)
            }
            // The next call of the program fails and says why.
            Err(_) => self.interests & (POLL_READABLE | POLL_WRITABLE) | BROKEN,
        };
        readiness.tell(events);
        Some(Event { token: self.token, events })
    }
}

/// What a socket and its poll tell each other.
fn readiness(open: &Open) -> Result<&Readiness> {
    match open {
        Open::Stream(stream) => Ok(&stream.readiness),
        Open::Listener(listener) => Ok(&listener.readiness),
        Open::Datagrams(datagrams) => Ok(&datagrams.readiness),
        _ => Err(Error::NotImplemented),
    }
}

fn watch(
    open: &Open,
    events: u64,
    bell: &Notification,
    bit: u64,
) -> core::result::Result<Interest, NetError> {
    let interest =
        Interest { receive: events & POLL_READABLE != 0, send: events & POLL_WRITABLE != 0 };
    match open {
        Open::Stream(stream) => stream.watch(interest, bell, bit),
        Open::Listener(listener) => listener.watch(interest, bell, bit),
        Open::Datagrams(datagrams) => datagrams.watch(interest, bell, bit),
        _ => Ok(Interest::default()),
    }
}
