//! Of which events of a socket a poll has told already: each is told of once, until the program has
//! used the socket.

use super::super::lock::Mutex;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use moto_rt::poll::{POLL_READABLE, POLL_WRITABLE};
use sys::Notification;

/// The bit of a poll's notification that says: look at all sources again.
pub(in super::super) const LOOK: u64 = 1 << 62;

/// What a socket and its poll tell each other.
#[derive(Default)]
pub(in super::super) struct Readiness {
    told: AtomicU64,
    /// That of the poll that watches it.
    bell: Mutex<Option<Arc<Notification>>>,
}

impl Readiness {
    /// A poll watches the socket from now on, or changes what for.
    pub(in super::super) fn begin(&self, bell: &Arc<Notification>) {
        self.told.store(0, Ordering::Relaxed);
        *self.bell.lock() = Some(bell.clone());
    }

    /// No poll does any more.
    pub(in super::super) fn end(&self) {
        *self.bell.lock() = None;
    }

    /// Events that the program knows of.
    pub(in super::super) fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }

    /// It is told of these.
    pub(in super::super) fn tell(&self, events: u64) {
        self.told.fetch_or(events, Ordering::Relaxed);
    }

    /// The program has read: what is there from now on is news.
    pub(in super::super) fn has_read(&self) {
        self.renew(POLL_READABLE);
    }

    /// There was no room for all that the program wrote: room is news.
    pub(in super::super) fn was_full(&self) {
        self.renew(POLL_WRITABLE);
    }

    fn renew(&self, event: u64) {
        if self.told() & event == 0 {
            return;
        }
        self.told.fetch_and(!event, Ordering::Relaxed);
        if let Some(bell) = &*self.bell.lock() {
            // Only a notification that is gone refuses it.
            let _ = bell.signal(LOOK);
        }
    }
}
