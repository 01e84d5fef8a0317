//! One side of one ring: the only code that moves an index.

use crate::QueueError;
use crate::layout::{Geometry, INDEX, SLEEPS};
use crate::link::Link;
use crate::protocol;
use core::sync::atomic::AtomicU32;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// What a slot of a fixed layout can hold: plain bytes without padding, all bit patterns good.
/// Its size is a multiple of 8.
pub trait Record: FromBytes + IntoBytes + Immutable + Copy + 'static {}

impl<T: FromBytes + IntoBytes + Immutable + Copy + 'static> Record for T {}

/// The size of a record in a slot.
pub(crate) fn record_bytes<T: Record>() -> u32 {
    const { assert!(size_of::<T>().is_multiple_of(8), "a record is a multiple of 8 bytes") };
    u32::try_from(size_of::<T>()).unwrap_or(0)
}

/// One side of one ring.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) geometry: Geometry,
    /// This side's index: no other value counts for it.
    index: u32,
    producer: bool,
}

impl Ring {
    pub(crate) fn new(geometry: Geometry, producer: bool) -> Self {
        Self { geometry, index: 0, producer }
    }

    /// Whether this side sleeps, for the other one to see.
    pub(crate) fn sleeps<'a>(&self, link: &'a Link) -> Result<&'a AtomicU32, QueueError> {
        Ok(link.word(self.geometry.words_of(self.producer) + SLEEPS)?)
    }

    /// The number of items in the ring, by this side's own index and the other's claim.
    pub(crate) fn used(&self, link: &Link) -> Result<u32, QueueError> {
        let peer = link.word(self.geometry.words_of(!self.producer) + INDEX)?;
        let peer = protocol::claimed(peer);
        let (head, tail) = if self.producer { (self.index, peer) } else { (peer, self.index) };
        self.geometry.used(head, tail).ok_or(QueueError::Corrupt)
    }

    /// The number of free slots.
    pub(crate) fn free(&self, link: &Link) -> Result<u32, QueueError> {
        Ok(self.geometry.slots - self.used(link)?)
    }

    /// Where the slot at this side's index is.
    pub(crate) fn slot(&self) -> usize {
        self.geometry.slot_at(self.index)
    }

    /// Goes on by some slots, which the other side does not see before [`Ring::publish`].
    pub(crate) fn advance(&mut self, slots: u32) {
        self.index = self.index.wrapping_add(slots);
    }

    /// Publishes this side's index, and wakes the other side if it sleeps.
    pub(crate) fn publish(&self, link: &Link) -> Result<(), QueueError> {
        let own = link.word(self.geometry.words_of(self.producer) + INDEX)?;
        let peer_sleeps = link.word(self.geometry.words_of(!self.producer) + SLEEPS)?;
        if protocol::publish(own, self.index, peer_sleeps) {
            link.ring_peer()?;
        }
        Ok(())
    }

    /// Pushes as many records as there are free slots, and publishes once. Returns the number.
    pub(crate) fn push_records<T: Record>(
        &mut self,
        link: &Link,
        records: &[T],
    ) -> Result<usize, QueueError> {
        let count = records.len().min(self.free(link)? as usize);
        let shared = link.mapping.shared();
        let (first, wrapped) = records[..count].split_at(count.min(self.run()));
        for part in [first, wrapped] {
            shared.write(self.slot(), part.as_bytes())?;
            self.advance_by(part.len());
        }
        if count > 0 {
            self.publish(link)?;
        }
        Ok(count)
    }

    /// Copies out as many records as there are, and gives their slots back at once. Returns the
    /// number.
    pub(crate) fn pop_records<T: Record>(
        &mut self,
        link: &Link,
        into: &mut [T],
    ) -> Result<usize, QueueError> {
        let count = into.len().min(self.used(link)? as usize);
        let shared = link.mapping.shared();
        let (first, wrapped) = into[..count].split_at_mut(count.min(self.run()));
        for part in [first, wrapped] {
            shared.read(self.slot(), part.as_mut_bytes())?;
            self.advance_by(part.len());
        }
        if count > 0 {
            self.publish(link)?;
        }
        Ok(count)
    }

    /// The same for a number of records, which is at most that of the slots.
    fn advance_by(&mut self, records: usize) {
        self.advance(u32::try_from(records).unwrap_or(0));
    }

    /// The number of slots from the index to the end of the memory of the ring.
    fn run(&self) -> usize {
        (self.geometry.slots - self.geometry.place(self.index)) as usize
    }
}
