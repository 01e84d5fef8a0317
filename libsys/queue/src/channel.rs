//! Two rings of records in one memory object: requests one way, completions the other.

use crate::QueueError;
use crate::link::Link;
use crate::protocol::listen;
use crate::records::pop;
use crate::ring::{Record, Ring};
use core::marker::PhantomData;

/// One end of a channel: it sends records of S and receives records of R. Dropping it closes both
/// directions; what was sent before is still received.
#[derive(Debug)]
pub struct Channel<S, R> {
    link: Link,
    out: Ring,
    into: Ring,
    epoch: u32,
    records: PhantomData<fn(S) -> R>,
}

impl<S: Record, R: Record> Channel<S, R> {
    pub(crate) fn new(link: Link, out: Ring, into: Ring, epoch: u32) -> Self {
        Self { link, out, into, epoch, records: PhantomData }
    }

    /// The number that its creator gave to this life of the rings.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The number of records that can be sent now.
    ///
    /// # Errors
    /// [`QueueError::Corrupt`].
    pub fn free(&self) -> Result<usize, QueueError> {
        Ok(self.out.free(&self.link)? as usize)
    }

    /// Sends as many as there are free slots, and wakes the other side once. Returns the number.
    /// No system call unless the other side sleeps.
    ///
    /// # Errors
    /// [`QueueError::Closed`] when nothing fits and the other side has closed,
    /// [`QueueError::Corrupt`].
    pub fn send(&mut self, records: &[S]) -> Result<usize, QueueError> {
        let sent = self.out.push_records(&self.link, records)?;
        if sent == 0 {
            self.link.check_open()?;
        }
        Ok(sent)
    }

    /// Receives as many as there are. Returns the number.
    ///
    /// # Errors
    /// [`QueueError::Closed`] when there is none and the other side has closed,
    /// [`QueueError::Corrupt`].
    pub fn receive(&mut self, into: &mut [R]) -> Result<usize, QueueError> {
        pop(&mut self.into, &self.link, into)
    }

    /// Receives, or asks for the bell to be rung at the next record and returns 0.
    ///
    /// # Errors
    /// As for [`Channel::receive`].
    pub fn receive_or_listen(&mut self, into: &mut [R]) -> Result<usize, QueueError> {
        let pop = |side: &mut Self| Ok(Some(side.receive(into)?).filter(|popped| *popped > 0));
        listen(self, |side| side.into.sleeps(&side.link), pop).map(|popped| popped.unwrap_or(0))
    }

    /// Sends, or asks for the bell to be rung at the next free slot and returns 0.
    ///
    /// # Errors
    /// As for [`Channel::send`].
    pub fn send_or_listen(&mut self, records: &[S]) -> Result<usize, QueueError> {
        let push = |side: &mut Self| Ok(Some(side.send(records)?).filter(|pushed| *pushed > 0));
        listen(self, |side| side.out.sleeps(&side.link), push).map(|pushed| pushed.unwrap_or(0))
    }

    /// Waits for the bell. Only for a side with a bell of its own.
    ///
    /// # Errors
    /// [`QueueError::Closed`] and [`QueueError::PeerDied`] when that is why the bell rang,
    /// [`QueueError::TimedOut`].
    pub fn wait(&self, deadline_ns: u64) -> Result<(), QueueError> {
        self.link.wait_for_news(deadline_ns)
    }

    /// Rings the other side, whether it sleeps or not: for a side that waited for long. A damaged
    /// ring may have lost a wake-up.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn ring(&self) -> Result<(), QueueError> {
        Ok(self.link.ring_peer()?)
    }

    /// Whether the other side is there: a system call. A side with a bell for more than this
    /// channel calls it when the bit rang that [`Bell::with_end`](crate::Bell::with_end) names.
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
}
