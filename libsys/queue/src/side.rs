//! What both sides have: the ring, the bells, the lifelines.

use crate::QueueError;
use crate::layout::{
    CLOSED, CONSUMER_AT, Geometry, INDEX, MAGIC, MAGIC_AT, PRODUCER_AT, SLEEPS, SLOT_BYTES_AT,
    SLOTS_AT,
};
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use sys::{Endpoint, Error, FOREVER, Mapping, Message, Notification, Words};

/// How long a side waits before it looks whether the other is still alive.
pub const PATIENCE_NS: u64 = 200_000_000;

/// One end of a queue.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) mapping: Mapping,
    pub(crate) geometry: Geometry,
    /// Rings when there is an item.
    pub(crate) items: Notification,
    /// Rings when there is a place.
    pub(crate) places: Notification,
    /// Only this side receives from it: the other sees it die.
    #[expect(dead_code, reason = "owned for its life, which the other side watches")]
    pub(crate) own_life: Endpoint,
    /// Only the other side receives from it.
    pub(crate) peer_life: Endpoint,
    /// This side's index: nobody else's word counts for it.
    pub(crate) index: u32,
    pub(crate) producer: bool,
    /// An item, outside of the shared memory.
    pub(crate) copy: Vec<u8>,
}

impl Side {
    /// Writes the geometry into fresh memory.
    pub(crate) fn describe(mapping: &Mapping, geometry: Geometry) -> Result<(), Error> {
        let shared = mapping.shared();
        shared.u32_at(SLOTS_AT)?.store(geometry.slots, Ordering::Relaxed);
        shared.u32_at(SLOT_BYTES_AT)?.store(geometry.slot_bytes, Ordering::Relaxed);
        shared.u32_at(MAGIC_AT)?.store(MAGIC, Ordering::Release);
        Ok(())
    }

    /// Reads the geometry once, and believes it only if the memory is large enough.
    pub(crate) fn read_geometry(mapping: &Mapping) -> Result<Geometry, QueueError> {
        let shared = mapping.shared();
        let word = |offset| Ok::<u32, Error>(shared.u32_at(offset)?.load(Ordering::Acquire));
        let geometry = Geometry::new(word(SLOTS_AT)?, word(SLOT_BYTES_AT)?);
        let large_enough = |g: &Geometry| g.pages() * sys::PAGE_SIZE <= mapping.len() as u64;
        geometry
            .filter(large_enough)
            .filter(|_| word(MAGIC_AT) == Ok(MAGIC))
            .ok_or(QueueError::Corrupt)
    }

    fn own_at(&self) -> usize {
        if self.producer { PRODUCER_AT } else { CONSUMER_AT }
    }

    fn peer_at(&self) -> usize {
        if self.producer { CONSUMER_AT } else { PRODUCER_AT }
    }

    fn load(&self, offset: usize) -> Result<u32, Error> {
        // ORDER: SeqCst: "I sleep" and "there is something" must not pass each other.
        Ok(self.mapping.shared().u32_at(offset)?.load(Ordering::SeqCst))
    }

    fn store(&self, offset: usize, value: u32) -> Result<(), Error> {
        self.mapping.shared().u32_at(offset)?.store(value, Ordering::SeqCst);
        Ok(())
    }

    /// How many items are in the ring, by this side's own index and the other's claim.
    pub(crate) fn used(&self) -> Result<u32, QueueError> {
        let peer = self.load(self.peer_at() + INDEX)?;
        let (head, tail) = if self.producer { (self.index, peer) } else { (peer, self.index) };
        self.geometry.used(head, tail).ok_or(QueueError::Corrupt)
    }

    /// This side is done with a slot: tells the other, and wakes it if it sleeps.
    pub(crate) fn advance(&mut self) -> Result<(), QueueError> {
        self.index = self.index.wrapping_add(1);
        self.store(self.own_at() + INDEX, self.index)?;
        self.wake_peer()
    }

    fn wake_peer(&self) -> Result<(), QueueError> {
        if self.load(self.peer_at() + SLEEPS)? != 0 {
            self.store(self.peer_at() + SLEEPS, 0)?;
            self.peer_bell().signal(1)?;
        }
        Ok(())
    }

    /// What this side waits for.
    pub(crate) fn bell(&self) -> &Notification {
        if self.producer { &self.places } else { &self.items }
    }

    fn peer_bell(&self) -> &Notification {
        if self.producer { &self.items } else { &self.places }
    }

    /// From now on the other side rings the bell when it has done something.
    pub(crate) fn say_that_it_sleeps(&self) -> Result<(), QueueError> {
        Ok(self.store(self.own_at() + SLEEPS, 1)?)
    }

    pub(crate) fn say_that_it_is_awake(&self) -> Result<(), QueueError> {
        Ok(self.store(self.own_at() + SLEEPS, 0)?)
    }

    /// An error when the other side is gone.
    pub(crate) fn check_peer(&self) -> Result<(), QueueError> {
        if self.load(self.peer_at() + CLOSED)? != 0 {
            return Err(QueueError::Closed);
        }
        match self.peer_life.send_with(&mut Message::new(0, Words::default()), 0) {
            Err(Error::PeerDied) => Err(QueueError::PeerDied),
            _ => Ok(()),
        }
    }

    /// Waits for the bell, but not for ever: the other side may have died.
    pub(crate) fn wait_a_while(&self, deadline_ns: u64) -> Result<(), QueueError> {
        if self.load(self.peer_at() + CLOSED)? != 0 {
            return Err(QueueError::Closed);
        }
        let now = sys::clock();
        if deadline_ns != FOREVER && now >= deadline_ns {
            return Err(QueueError::TimedOut);
        }
        match self.bell().wait(deadline_ns.min(now.saturating_add(PATIENCE_NS))) {
            Ok(_) | Err(Error::Interrupted) => Ok(()),
            Err(Error::TimedOut) => self.check_peer(),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // The other side may be gone or hostile: then nobody is to be told.
        let _ = self.store(self.own_at() + CLOSED, 1);
        let _ = self.peer_bell().signal(1);
    }
}
