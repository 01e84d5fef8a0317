//! The service of a driver.

use crate::{Attached, BlockError, Identity, Range};
use driver::Bits;
use sys::{Memory, Notification};

/// What a client wants.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whose attachment it is: one owner has a few at most.
    pub owner: u64,
    /// Its part of the disk. A client of `blk` does not choose it.
    pub range: Range,
    /// The most requests that it wants to have in flight.
    pub units: u16,
    /// The bits of its bell that are set for completions and for the driver's end.
    pub bits: Bits,
}

/// A driver of one disk. The name of the service is that of the driver.
#[service::interface(version = 1, name = "block")]
pub trait BlockDriver {
    /// What the disk is.
    #[idempotent]
    fn identity(&mut self) -> Result<Identity, BlockError>;

    /// Attaches a client: its pool, its bell. The offer is of a channel that sends
    /// [`Request`](crate::Request)s and receives [`Completion`](crate::Completion)s. The attachment
    /// ends with either side of it.
    #[returns_handle]
    #[idempotent]
    fn attach(
        &mut self,
        #[handle(copy, READ | WRITE | TRANSFER)] pool: Memory,
        #[handle(copy, SIGNAL | TRANSFER)] bell: Notification,
        terms: Terms,
    ) -> Result<(queue::Offer, Attached), BlockError>;
}
