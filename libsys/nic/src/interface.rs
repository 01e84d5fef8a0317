//! The service of a driver.

use crate::NicError;
use driver::Bits;
use sys::{Memory, Notification};

/// What a card is.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its hardware address.
    pub mac: [u8; 6],
    /// The most bytes of a frame's payload, without the Ethernet header.
    pub mtu: u16,
    /// The most frames that the device holds in each direction.
    pub depth: u16,
}

/// What a client wants.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Slots of the pool for received frames, then those for transmitted ones.
    pub receive: u16,
    /// The number of slots for frames to be transmitted.
    pub transmit: u16,
    /// The bits of its bell.
    pub bits: Bits,
}

/// What was agreed when a client attached.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Tells this attachment from all others.
    pub epoch: u32,
    /// The card.
    pub link: Link,
}

/// A driver of one card. The name of the service is that of the driver.
#[service::interface(version = 1, name = "nic")]
pub trait NicDriver {
    /// What the card is.
    #[idempotent]
    fn link(&mut self) -> Result<Link, NicError>;

    /// Attaches the client: its pool, its bell. The offer is of a channel that sends
    /// [`Request`](crate::Request)s and receives [`Completion`](crate::Completion)s. The attachment
    /// ends with either side of it. The pool is one run of
    /// `(receive + transmit) * FRAME_BYTES` bytes at least.
    #[returns_handle]
    #[idempotent]
    fn attach(
        &mut self,
        #[handle(copy, READ | WRITE | TRANSFER)] pool: Memory,
        #[handle(copy, SIGNAL | TRANSFER)] bell: Notification,
        terms: Terms,
    ) -> Result<(queue::Offer, Attached), NicError>;
}
