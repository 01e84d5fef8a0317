//! Typed queues in shared memory: one producer, one consumer, in two processes.
//!
//! ```
//! let (creator, offer) = queue::create(8, 64)?;
//! // The offer's four handles travel to the other process in one message.
//! let mut consumer = offer.consumer::<(u32, String)>()?;
//! let mut producer = creator.producer::<(u32, String)>();
//!
//! producer.try_push(&(1, "one".to_owned()))?;
//! producer.push(&(2, "two".to_owned()), sys::FOREVER)?; // waits while it is full
//! assert_eq!(consumer.try_pop()?, Some((1, "one".to_owned())));
//! assert_eq!(consumer.pop(sys::FOREVER)?, (2, "two".to_owned())); // waits while it is empty
//! drop(producer);
//! assert_eq!(consumer.try_pop(), Err(queue::QueueError::Closed));
//! # Ok::<(), queue::QueueError>(())
//! ```
//!
//! **Shape.** A ring of slots of fixed size in a memory object, with an index for each side;
//! items are postcard. No system call while both sides are busy: a side that sleeps says so
//! in a flag, and only then the other rings its bell.
//!
//! **Records.** Items of a fixed layout ([`Record`]) need no encoding: [`RecordProducer`] and
//! [`RecordConsumer`] copy them as they are, a batch at a time. A [`Channel`] is two rings of
//! records in one memory object with one pair of bells and lifelines: requests and completions.
//!
//! ```
//! let (creator, offer) = queue::Plan::channel(8, 1)?.create()?;
//! let mut server: queue::Channel<u64, [u64; 2]> = creator.channel();
//! let mut client = offer.channel::<[u64; 2], u64>(None)?;
//!
//! client.send(&[[1, 2], [3, 4]])?;
//! let mut requests = [[0; 2]; 8];
//! let count = server.receive(&mut requests)?;
//! let sums: Vec<u64> = requests[..count].iter().map(|[a, b]| a + b).collect();
//! server.send(&sums)?;
//! let mut answers = [0; 8];
//! assert_eq!(client.receive(&mut answers)?, 2);
//! assert_eq!(answers[..2], [3, 7]);
//! # Ok::<(), queue::QueueError>(())
//! ```
//!
//! **Trust.** None. The other side may write anything anywhere in the ring at any time: sizes
//! are fixed at the start and kept outside, each side believes only its own index, the other
//! one's is checked, and an item is copied out before it is looked at. What a hostile side
//! can do is to send wrong items ([`QueueError::Corrupt`]) or none.
//!
//! **Death.** Each side holds a lifeline of the other: its end rings the other's bell, and
//! is an error there. What was pushed before is still popped. A queue of records makes no system
//! call to learn that: it looks after the bell rang for it.
//!
//! **Bells.** A side that has nothing else to do waits in [`Consumer::pop`] and
//! [`Producer::push`]. One that waits for other things too gives its own [`Bell`] to the
//! [`Plan`] and uses `pop_or_listen` and `push_or_listen`. Anyone who can ring that bell may
//! ring it wrongly: whether the other side lives is asked of its lifeline, never of a bit.
//!
//! **Batches.** A sleeping side is woken once for all that [`Producer::try_push_all`] pushed.
//! Many producers have a ring each, joined by [`Merge`].
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use core::sync::atomic;

mod bell;
mod channel;
mod consumer;
mod error;
mod layout;
mod link;
mod merge;
mod offer;
mod plan;
mod producer;
mod protocol;
mod records;
mod ring;

pub use bell::Bell;
pub use channel::Channel;
pub use consumer::Consumer;
pub use error::QueueError;
pub use merge::{Merge, Merged};
pub use offer::Offer;
pub use plan::{Creator, Items, Pair, Plan, Records, create};
pub use producer::Producer;
pub use records::{RecordConsumer, RecordProducer};
pub use ring::Record;

#[cfg(test)]
mod tests;
