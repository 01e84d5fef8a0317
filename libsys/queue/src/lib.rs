//! Typed queues in shared memory: one producer, one consumer, in two processes.
//!
//! ```
//! let (creator, offer) = queue::create(8, 64)?;
//! // The offer's four handles travel to the other process in a message; it answers with
//! // its lifeline.
//! let (mut consumer, lifeline) = offer.consumer::<(u32, String)>()?;
//! let mut producer = creator.producer::<(u32, String)>(lifeline);
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
//! **Trust.** None. The other side may write anything anywhere in the ring at any time: sizes
//! are fixed at the start and kept outside, each side believes only its own index, the other
//! one's is checked, and an item is copied out before it is looked at. What a hostile side
//! can do is to send wrong items ([`QueueError::Corrupt`]) or none.
//!
//! **Death.** Each side holds an endpoint whose only receiver is the other: its death is
//! seen within [`PATIENCE_NS`] while waiting. What was pushed before is still popped.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod consumer;
mod error;
mod layout;
mod offer;
mod producer;
mod side;

pub use consumer::Consumer;
pub use error::QueueError;
pub use offer::{Creator, Offer, create};
pub use producer::Producer;
pub use side::PATIENCE_NS;

#[cfg(test)]
mod tests;
