//! The producer's side.

use crate::QueueError;
use crate::layout::LENGTH_BYTES;
use crate::side::Side;
use core::marker::PhantomData;
use serde::Serialize;

/// The side that pushes. Dropping it closes the queue; what is in it is still popped.
#[derive(Debug)]
pub struct Producer<T> {
    side: Side,
    items: PhantomData<fn(T)>,
}

impl<T: Serialize> Producer<T> {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, items: PhantomData }
    }

    /// Pushes, or says that it is full.
    ///
    /// # Errors
    /// [`QueueError::Full`], [`QueueError::TooLong`], [`QueueError::Closed`],
    /// [`QueueError::Corrupt`].
    pub fn try_push(&mut self, item: &T) -> Result<(), QueueError> {
        self.encode(item)?;
        self.put()
    }

    /// Pushes; waits while it is full.
    ///
    /// # Errors
    /// As for [`Producer::try_push`], and when the other side died or the deadline passed.
    pub fn push(&mut self, item: &T, deadline_ns: u64) -> Result<(), QueueError> {
        self.encode(item)?;
        loop {
            match self.put() {
                Err(QueueError::Full) => {}
                done => return done,
            }
            self.side.say_that_it_sleeps()?;
            // Once more, for a place that came before the other side could see the flag.
            let done = self.put();
            if done != Err(QueueError::Full) {
                self.side.say_that_it_is_awake()?;
                return done;
            }
            self.side.wait_a_while(deadline_ns)?;
        }
    }

    /// Whether the other side is there.
    ///
    /// # Errors
    /// [`QueueError::Closed`] or [`QueueError::PeerDied`] when not.
    pub fn check_peer(&self) -> Result<(), QueueError> {
        self.side.check_peer()
    }

    fn encode(&mut self, item: &T) -> Result<(), QueueError> {
        let mut bytes = core::mem::take(&mut self.side.copy);
        bytes.clear();
        let bytes = postcard::to_extend(item, bytes).map_err(|_| QueueError::TooLong)?;
        self.side.copy = bytes;
        let fits = self.side.copy.len() <= self.side.geometry.slot_bytes as usize;
        if fits { Ok(()) } else { Err(QueueError::TooLong) }
    }

    /// Puts what was encoded into the next slot.
    fn put(&mut self) -> Result<(), QueueError> {
        let geometry = self.side.geometry;
        if self.side.used()? == geometry.slots {
            return Err(QueueError::Full);
        }
        let at = geometry.slot_at(self.side.index);
        let len = u32::try_from(self.side.copy.len()).map_err(|_| QueueError::TooLong)?;
        let shared = self.side.mapping.shared();
        shared.write(at, &len.to_le_bytes())?;
        shared.write(at + LENGTH_BYTES, &self.side.copy)?;
        self.side.advance()
    }
}
