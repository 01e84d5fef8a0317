//! What both sides have: the ring, the bells, the lifelines.

use crate::QueueError;
use crate::bell::{Ear, Life, ring};
use crate::layout::{
    CLOSED, CONSUMER_AT, CREATOR_BELL_AT, Geometry, INDEX, MAGIC, MAGIC_AT, OTHER_BELL_AT,
    PRODUCER_AT, SLEEPS, SLOT_BYTES_AT, SLOTS_AT,
};
use crate::protocol;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use sys::{Error, Lifeline, Mapping, Notification};

/// One end of a queue.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) mapping: Mapping,
    pub(crate) geometry: Geometry,
    /// What this side hears.
    pub(crate) ear: Ear,
    /// How it knows that the other side is there.
    pub(crate) life: Life,
    /// The other side's bell.
    pub(crate) peer: Notification,
    /// While it is open, the other side knows that this one is there.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "held for its life, which the other side watches")
    )]
    pub(crate) held: Lifeline,
    /// Which of the two bells of the header is its own.
    pub(crate) creator: bool,
    /// This side's index: no other value counts for it.
    pub(crate) index: u32,
    pub(crate) producer: bool,
    /// An item, outside of the shared memory.
    pub(crate) copy: Vec<u8>,
}

impl Side {
    pub(crate) fn with_role(mut self, producer: bool) -> Self {
        self.producer = producer;
        self
    }

    /// Writes the header of fresh memory.
    pub(crate) fn describe(&self, other_bell: u32) -> Result<(), Error> {
        let shared = self.mapping.shared();
        let header = [
            (SLOTS_AT, self.geometry.slots),
            (SLOT_BYTES_AT, self.geometry.slot_bytes),
            (CREATOR_BELL_AT, self.ear.number()),
            (OTHER_BELL_AT, other_bell),
        ];
        for (offset, value) in header {
            shared.u32_at(offset)?.store(value, Ordering::Relaxed);
        }
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

    fn word(&self, offset: usize) -> Result<&AtomicU32, Error> {
        self.mapping.shared().u32_at(offset)
    }

    /// Whether this side sleeps, for the other one to see.
    pub(crate) fn sleeps(&self) -> Result<&AtomicU32, QueueError> {
        Ok(self.word(self.own_at() + SLEEPS)?)
    }

    /// The number of items in the ring, by this side's own index and the other's claim.
    pub(crate) fn used(&self) -> Result<u32, QueueError> {
        let peer = protocol::claimed(self.word(self.peer_at() + INDEX)?);
        let (head, tail) = if self.producer { (self.index, peer) } else { (peer, self.index) };
        self.geometry.used(head, tail).ok_or(QueueError::Corrupt)
    }

    /// Publishes this side's index, and wakes the other side if it sleeps.
    pub(crate) fn publish(&self) -> Result<(), QueueError> {
        let own = self.word(self.own_at() + INDEX)?;
        if protocol::publish(own, self.index, self.word(self.peer_at() + SLEEPS)?) {
            self.ring_peer()?;
        }
        Ok(())
    }

    fn ring_peer(&self) -> Result<(), Error> {
        let number = if self.creator { OTHER_BELL_AT } else { CREATOR_BELL_AT };
        ring(&self.peer, self.mapping.shared().u32_at(number)?)
    }

    /// An error when the other side is gone.
    pub(crate) fn check_peer(&self) -> Result<(), QueueError> {
        if self.word(self.peer_at() + CLOSED)?.load(Ordering::SeqCst) != 0 {
            Err(QueueError::Closed)
        } else if self.life.holds(&self.ear) {
            Ok(())
        } else {
            Err(QueueError::PeerDied)
        }
    }

    #[cfg(test)]
    pub(crate) fn die(mut self) {
        let (_, unused) = Lifeline::create(&self.peer, 0).unwrap();
        drop(core::mem::replace(&mut self.held, unused));
        core::mem::forget(self);
    }

    /// Waits for the bell, which the other side's end rings too.
    pub(crate) fn wait(&self, deadline_ns: u64) -> Result<(), QueueError> {
        self.check_peer()?;
        self.ear.wait(deadline_ns)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // The other side may be gone or hostile: then there is no one to tell.
        let _ = self.word(self.own_at() + CLOSED).map(|word| word.store(1, Ordering::SeqCst));
        let _ = self.ring_peer();
    }
}
