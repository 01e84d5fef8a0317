//! The consumer's side.

use crate::QueueError;
use crate::layout::LENGTH_BYTES;
use crate::side::Side;
use core::marker::PhantomData;
use serde::de::DeserializeOwned;
use sys::Notification;

/// The side that pops. Dropping it closes the queue.
#[derive(Debug)]
pub struct Consumer<T> {
    side: Side,
    items: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Consumer<T> {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, items: PhantomData }
    }

    /// Pops, if there is something.
    ///
    /// # Errors
    /// [`QueueError::Closed`] once all is popped and the producer has ended,
    /// [`QueueError::Corrupt`] for an item that is none: it is skipped.
    pub fn try_pop(&mut self) -> Result<Option<T>, QueueError> {
        if self.side.used()? == 0 {
            // A last item may have come with the end: the end is looked at first.
            let alive = self.side.check_peer();
            if self.side.used()? == 0 {
                return alive.map(|()| None);
            }
        }
        self.take().map(Some)
    }

    /// Pops; waits while it is empty.
    ///
    /// # Errors
    /// As for [`Consumer::try_pop`], and when the other side died or the deadline passed.
    pub fn pop(&mut self, deadline_ns: u64) -> Result<T, QueueError> {
        loop {
            if self.side.used()? > 0 {
                return self.take();
            }
            if !self.listen()? {
                self.side.say_that_it_is_awake()?;
                continue;
            }
            let waited = self.side.wait_a_while(deadline_ns);
            if self.side.used()? == 0 {
                waited?;
                if let Some(item) = self.try_pop()? {
                    return Ok(item);
                }
            }
        }
    }

    /// Asks for the bell to be rung at the next item: whether the queue is empty now. For
    /// servers that bind the bell and wait for it together with other things.
    ///
    /// # Errors
    /// [`QueueError::Corrupt`].
    pub fn listen(&self) -> Result<bool, QueueError> {
        self.side.say_that_it_sleeps()?;
        Ok(self.side.used()? == 0)
    }

    /// Rings when an item comes after [`Consumer::listen`], and when the producer ends.
    pub fn bell(&self) -> &Notification {
        self.side.bell()
    }

    /// Copies the next item out, gives its slot back, then looks at the copy.
    fn take(&mut self) -> Result<T, QueueError> {
        let geometry = self.side.geometry;
        let at = geometry.slot_at(self.side.index);
        let shared = self.side.mapping.shared();
        let mut length = [0; LENGTH_BYTES];
        shared.read(at, &mut length)?;
        let claimed = u32::from_le_bytes(length);
        self.side.copy.clear();
        if claimed <= geometry.slot_bytes {
            self.side.copy.resize(claimed as usize, 0);
            shared.read(at + LENGTH_BYTES, &mut self.side.copy)?;
        }
        self.side.advance()?;
        match postcard::take_from_bytes(&self.side.copy) {
            Ok((item, [])) if claimed <= geometry.slot_bytes => Ok(item),
            _ => Err(QueueError::Corrupt),
        }
    }
}
