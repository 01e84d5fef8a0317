//! A queue of records of a fixed layout: copied as they are, a batch at a time.

use crate::QueueError;
use crate::link::Link;
use crate::protocol::listen;
use crate::ring::{Record, Ring};
use core::marker::PhantomData;

/// The side that pushes records. Dropping it closes the queue; what is in it is still popped.
#[derive(Debug)]
pub struct RecordProducer<T> {
    link: Link,
    ring: Ring,
    records: PhantomData<fn(T)>,
}

/// The side that pops records. Dropping it closes the queue.
#[derive(Debug)]
pub struct RecordConsumer<T> {
    link: Link,
    ring: Ring,
    records: PhantomData<fn() -> T>,
}

impl<T: Record> RecordProducer<T> {
    pub(crate) fn new(link: Link, ring: Ring) -> Self {
        Self { link, ring, records: PhantomData }
    }

    /// Pushes as many as there are free slots, and wakes the other side once. Returns the number.
    /// No system call unless the other side sleeps.
    ///
    /// # Errors
    /// [`QueueError::Closed`] when nothing fits and the other side has closed,
    /// [`QueueError::Corrupt`].
    pub fn try_push(&mut self, records: &[T]) -> Result<usize, QueueError> {
        let pushed = self.ring.push_records(&self.link, records)?;
        if pushed == 0 {
            self.link.check_open()?;
        }
        Ok(pushed)
    }

    /// Pushes all; waits where the queue is full. Not for a queue that rings a bell of yours.
    ///
    /// # Errors
    /// As for [`RecordProducer::try_push`], [`QueueError::PeerDied`], and when the deadline passed.
    pub fn push(&mut self, records: &[T], deadline_ns: u64) -> Result<(), QueueError> {
        let mut left = records;
        while !left.is_empty() {
            match self.push_or_listen(left)? {
                0 => self.link.wait_for_news(deadline_ns)?,
                pushed => left = &left[pushed..],
            }
        }
        Ok(())
    }

    /// Pushes, or asks for the bell to be rung at the next free slot and returns 0.
    ///
    /// # Errors
    /// As for [`RecordProducer::try_push`].
    pub fn push_or_listen(&mut self, records: &[T]) -> Result<usize, QueueError> {
        let push = |side: &mut Self| Ok(Some(side.try_push(records)?).filter(|pushed| *pushed > 0));
        listen(self, |side| side.ring.sleeps(&side.link), push).map(|pushed| pushed.unwrap_or(0))
    }

    /// Whether the other side is there: a system call.
    ///
    /// # Errors
    /// [`QueueError::Closed`] or [`QueueError::PeerDied`] when not.
    pub fn check_peer(&self) -> Result<(), QueueError> {
        self.link.check_peer()
    }
}

impl<T: Record> RecordConsumer<T> {
    pub(crate) fn new(link: Link, ring: Ring) -> Self {
        Self { link, ring, records: PhantomData }
    }

    /// Pops as many as there are. Returns the number. No system call unless the other side waits
    /// for free slots.
    ///
    /// # Errors
    /// [`QueueError::Closed`] when there is none and the other side has closed,
    /// [`QueueError::Corrupt`].
    pub fn try_pop(&mut self, into: &mut [T]) -> Result<usize, QueueError> {
        pop(&mut self.ring, &self.link, into)
    }

    /// Pops at least one; waits while the queue is empty. Returns the number. Not for a queue
    /// that rings a bell of yours.
    ///
    /// # Errors
    /// As for [`RecordConsumer::try_pop`], [`QueueError::PeerDied`], and when the deadline passed.
    pub fn pop(&mut self, into: &mut [T], deadline_ns: u64) -> Result<usize, QueueError> {
        loop {
            match self.pop_or_listen(into)? {
                0 => match self.link.wait_for_news(deadline_ns) {
                    // What was pushed before the end is popped first.
                    Err(QueueError::Closed | QueueError::PeerDied) => {
                        return match self.try_pop(into)? {
                            0 => self.link.check_peer().map(|()| 0),
                            popped => Ok(popped),
                        };
                    }
                    waited => waited?,
                },
                popped => return Ok(popped),
            }
        }
    }

    /// Pops, or asks for the bell to be rung at the next record and returns 0.
    ///
    /// # Errors
    /// As for [`RecordConsumer::try_pop`].
    pub fn pop_or_listen(&mut self, into: &mut [T]) -> Result<usize, QueueError> {
        let pop = |side: &mut Self| Ok(Some(side.try_pop(into)?).filter(|popped| *popped > 0));
        listen(self, |side| side.ring.sleeps(&side.link), pop).map(|popped| popped.unwrap_or(0))
    }

    /// Whether the other side is there: a system call.
    ///
    /// # Errors
    /// [`QueueError::Closed`] or [`QueueError::PeerDied`] when not.
    pub fn check_peer(&self) -> Result<(), QueueError> {
        self.link.check_peer()
    }
}

/// Pops; an error only when there is nothing more.
pub(crate) fn pop<T: Record>(
    ring: &mut Ring,
    link: &Link,
    into: &mut [T],
) -> Result<usize, QueueError> {
    let popped = ring.pop_records(link, into)?;
    if popped > 0 || into.is_empty() {
        return Ok(popped);
    }
    // A last record may have come with the end: the end is looked at first.
    match link.check_open() {
        Ok(()) => Ok(0),
        Err(closed) => match ring.pop_records(link, into)? {
            0 => Err(closed),
            popped => Ok(popped),
        },
    }
}
