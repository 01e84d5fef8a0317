//! The consumer's side.

use crate::QueueError;
use crate::layout::LENGTH_BYTES;
use crate::link::Link;
use crate::protocol::listen;
use crate::ring::Ring;
use alloc::vec::Vec;
use core::marker::PhantomData;
use serde::de::DeserializeOwned;

/// The side that pops. Dropping it closes the queue.
#[derive(Debug)]
pub struct Consumer<T> {
    link: Link,
    ring: Ring,
    /// An item, outside of the shared memory.
    copy: Vec<u8>,
    items: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Consumer<T> {
    pub(crate) fn new(link: Link, ring: Ring) -> Self {
        Self { link, ring, copy: Vec::new(), items: PhantomData }
    }

    /// Pops, if there is something.
    ///
    /// # Errors
    /// [`QueueError::Closed`] or [`QueueError::PeerDied`] once all is popped and the producer
    /// has ended, [`QueueError::Corrupt`] for an item that is none: it is skipped.
    pub fn try_pop(&mut self) -> Result<Option<T>, QueueError> {
        if self.ring.used(&self.link)? == 0 {
            // A last item may have come with the end: the end is looked at first.
            let alive = self.link.check_peer();
            if self.ring.used(&self.link)? == 0 {
                return alive.map(|()| None);
            }
        }
        self.take().map(Some)
    }

    /// Pops; waits while it is empty. Not for a queue that rings a bell of yours.
    ///
    /// # Errors
    /// As for [`Consumer::try_pop`], and when the deadline passed.
    pub fn pop(&mut self, deadline_ns: u64) -> Result<T, QueueError> {
        loop {
            if let Some(item) = self.pop_or_listen()? {
                return Ok(item);
            }
            match self.link.wait(deadline_ns) {
                Ok(()) | Err(QueueError::Closed | QueueError::PeerDied) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Pops, or asks for the bell to be rung at the next item: for a side that waits for the
    /// bell together with other things.
    ///
    /// # Errors
    /// As for [`Consumer::try_pop`].
    pub fn pop_or_listen(&mut self) -> Result<Option<T>, QueueError> {
        listen(self, |side| side.ring.sleeps(&side.link), Self::try_pop)
    }

    /// Copies the next item out, gives its slot back, then looks at the copy.
    fn take(&mut self) -> Result<T, QueueError> {
        let geometry = self.ring.geometry;
        let at = self.ring.slot();
        let shared = self.link.mapping.shared();
        let mut length = [0; LENGTH_BYTES];
        shared.read(at, &mut length)?;
        let claimed = u32::from_le_bytes(length);
        self.copy.clear();
        if claimed <= geometry.slot_bytes {
            self.copy.resize(claimed as usize, 0);
            shared.read(at + LENGTH_BYTES, &mut self.copy)?;
        }
        self.ring.advance(1);
        self.ring.publish(&self.link)?;
        match postcard::take_from_bytes(&self.copy) {
            Ok((item, [])) if claimed <= geometry.slot_bytes => Ok(item),
            _ => Err(QueueError::Corrupt),
        }
    }
}
