//! The producer's side.

use crate::QueueError;
use crate::layout::LENGTH_BYTES;
use crate::link::Link;
use crate::protocol::listen;
use crate::ring::Ring;
use alloc::vec::Vec;
use core::marker::PhantomData;
use serde::Serialize;

/// The side that pushes. Dropping it closes the queue; what is in it is still popped.
#[derive(Debug)]
pub struct Producer<T> {
    link: Link,
    ring: Ring,
    /// An item, outside of the shared memory.
    copy: Vec<u8>,
    items: PhantomData<fn(T)>,
}

impl<T: Serialize> Producer<T> {
    pub(crate) fn new(link: Link, ring: Ring) -> Self {
        Self { link, ring, copy: Vec::new(), items: PhantomData }
    }

    /// Pushes, or says that it is full.
    ///
    /// # Errors
    /// [`QueueError::Full`], [`QueueError::TooLong`], [`QueueError::Closed`],
    /// [`QueueError::PeerDied`], [`QueueError::Corrupt`].
    pub fn try_push(&mut self, item: &T) -> Result<(), QueueError> {
        self.try_push_all(core::slice::from_ref(item)).and_then(|pushed| match pushed {
            0 => Err(QueueError::Full),
            _ => Ok(()),
        })
    }

    /// Pushes as many as there is capacity for, and wakes the other side once. Returns the number.
    ///
    /// # Errors
    /// As for [`Producer::try_push`], but for `Full`. Items before a wrong one were pushed.
    pub fn try_push_all(&mut self, items: &[T]) -> Result<usize, QueueError> {
        let mut pushed = 0;
        let done = items.iter().try_for_each(|item| {
            self.encode(item)?;
            self.put().map(|()| pushed += 1)
        });
        if pushed > 0 {
            self.ring.publish(&self.link)?;
        }
        match done {
            Ok(()) | Err(QueueError::Full) => Ok(pushed),
            Err(error) => Err(error),
        }
    }

    /// Pushes; waits while it is full. Not for a queue that rings a bell of yours.
    ///
    /// # Errors
    /// As for [`Producer::try_push`], and when the deadline passed.
    pub fn push(&mut self, item: &T, deadline_ns: u64) -> Result<(), QueueError> {
        while !self.push_or_listen(item)? {
            self.link.wait(deadline_ns)?;
        }
        Ok(())
    }

    /// Pushes, or asks for the bell to be rung at the next free place and says false: for
    /// a side that waits for the bell together with other things.
    ///
    /// # Errors
    /// As for [`Producer::try_push`], but for `Full`.
    pub fn push_or_listen(&mut self, item: &T) -> Result<bool, QueueError> {
        let items = core::slice::from_ref(item);
        let push = |producer: &mut Self| Ok((producer.try_push_all(items)? == 1).then_some(()));
        listen(self, |side| side.ring.sleeps(&side.link), push).map(|pushed| pushed.is_some())
    }

    /// Whether the other side is there.
    ///
    /// # Errors
    /// [`QueueError::Closed`] or [`QueueError::PeerDied`] when not.
    pub fn check_peer(&self) -> Result<(), QueueError> {
        self.link.check_peer()
    }

    /// Ends as the death of its process does: nothing is said, its lifeline closes.
    #[cfg(test)]
    pub(crate) fn die(self) {
        self.link.die();
    }

    fn encode(&mut self, item: &T) -> Result<(), QueueError> {
        let mut bytes = core::mem::take(&mut self.copy);
        bytes.clear();
        let bytes = postcard::to_extend(item, bytes).map_err(|_| QueueError::TooLong)?;
        self.copy = bytes;
        let fits = self.copy.len() <= self.ring.geometry.slot_bytes as usize;
        if fits { Ok(()) } else { Err(QueueError::TooLong) }
    }

    /// Puts what was encoded into the next slot. The other side is looked at only when its
    /// ring is full: pushing costs no system call.
    fn put(&mut self) -> Result<(), QueueError> {
        let geometry = self.ring.geometry;
        if self.ring.used(&self.link)? == geometry.slots {
            self.link.check_peer()?;
            return Err(QueueError::Full);
        }
        let at = self.ring.slot();
        let len = u32::try_from(self.copy.len()).map_err(|_| QueueError::TooLong)?;
        let shared = self.link.mapping.shared();
        shared.write(at, &len.to_le_bytes())?;
        shared.write(at + LENGTH_BYTES, &self.copy)?;
        self.ring.advance(1);
        Ok(())
    }
}
