//! Queues beside everything else: the executor's bits are their bells.

use crate::{Bit, Executor};
use queue::{Bell, Consumer, Merge, Merged, Producer, QueueError};
use serde::{Serialize, de::DeserializeOwned};
use sys::Error;

impl Executor {
    /// A bell for a queue: the bit, and what the queue's plan takes.
    ///
    /// # Errors
    /// When all bits have owners.
    pub fn queue_bell(&self) -> Result<(Bit, Bell), Error> {
        let bit = self.bit()?;
        let bell = Bell::new(self.bell()?, bit.mask());
        Ok((bit, bell))
    }
}

/// Pops; waits while the queue is empty. The bit is the one that the queue rings.
///
/// # Errors
/// As for [`Consumer::try_pop`].
pub async fn pop<T: DeserializeOwned>(
    consumer: &mut Consumer<T>,
    bit: &Bit,
) -> Result<T, QueueError> {
    loop {
        if let Some(item) = consumer.pop_or_listen()? {
            return Ok(item);
        }
        bit.wait().await;
    }
}

/// Pushes; waits while the queue is full.
///
/// # Errors
/// As for [`Producer::try_push`], but for `Full`.
pub async fn push<T: Serialize>(
    producer: &mut Producer<T>,
    item: &T,
    bit: &Bit,
) -> Result<(), QueueError> {
    while !producer.push_or_listen(item)? {
        bit.wait().await;
    }
    Ok(())
}

/// The next item of many producers, or the end of one.
pub async fn merged<T: DeserializeOwned>(merge: &mut Merge<T>, bit: &Bit) -> Merged<T> {
    loop {
        if let Some(merged) = merge.pop_or_listen() {
            return merged;
        }
        bit.wait().await;
    }
}
