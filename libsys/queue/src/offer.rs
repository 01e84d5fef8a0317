//! How two processes come to share a queue.

use crate::layout::Geometry;
use crate::side::Side;
use crate::{Consumer, Producer, QueueError};
use alloc::vec::Vec;
use serde::{Serialize, de::DeserializeOwned};
use sys::{Endpoint, Error, Mapping, Memory, Notification, OwnedHandle, Protection, Rights};

/// What travels to the other process: four handles.
#[derive(Debug)]
#[must_use = "the other process needs it"]
pub struct Offer {
    memory: Memory,
    items: Notification,
    places: Notification,
    creator_life: Endpoint,
}

/// The creator's end, before the other side has answered.
#[derive(Debug)]
#[must_use = "dropping it ends the queue before it began"]
pub struct Creator {
    mapping: Mapping,
    geometry: Geometry,
    items: Notification,
    places: Notification,
    own_life: Endpoint,
}

/// A queue with so many slots (a power of two) of so many bytes.
///
/// # Errors
/// [`Error::BadArgument`] for sizes that cannot be, and what the kernel refuses.
pub fn create(slots: u32, slot_bytes: u32) -> Result<(Creator, Offer), Error> {
    let geometry = Geometry::new(slots, slot_bytes).ok_or(Error::BadArgument)?;
    let memory = Memory::create(geometry.pages())?;
    let mapping = memory.map_own(Protection::ReadWrite)?;
    Side::describe(&mapping, geometry)?;
    let (items, places) = (Notification::create()?, Notification::create()?);
    let own_life = Endpoint::create()?;
    let bell = Rights::SIGNAL | Rights::WAIT | Rights::TRANSFER;
    let offer = Offer {
        memory: memory.copy(Rights::READ | Rights::WRITE | Rights::TRANSFER)?,
        items: items.copy(bell)?,
        places: places.copy(bell)?,
        creator_life: own_life.copy(Rights::SEND | Rights::TRANSFER)?,
    };
    Ok((Creator { mapping, geometry, items, places, own_life }, offer))
}

impl Offer {
    /// The handles to send, in order.
    pub fn into_handles(self) -> [OwnedHandle; 4] {
        [self.memory.into(), self.items.into(), self.places.into(), self.creator_life.into()]
    }

    /// The handles that came, in order.
    pub fn from_handles([memory, items, places, life]: [OwnedHandle; 4]) -> Self {
        Self {
            memory: memory.into(),
            items: items.into(),
            places: places.into(),
            creator_life: life.into(),
        }
    }

    /// Takes the producer's end; the endpoint is the answer to the creator.
    ///
    /// # Errors
    /// [`QueueError::Corrupt`] when the memory holds no queue, and what the kernel refuses.
    pub fn producer<T: Serialize>(self) -> Result<(Producer<T>, Endpoint), QueueError> {
        self.accept(true).map(|(side, life)| (Producer::new(side), life))
    }

    /// Takes the consumer's end; the endpoint is the answer to the creator.
    ///
    /// # Errors
    /// As for [`Offer::producer`].
    pub fn consumer<T: DeserializeOwned>(self) -> Result<(Consumer<T>, Endpoint), QueueError> {
        self.accept(false).map(|(side, life)| (Consumer::new(side), life))
    }

    fn accept(self, producer: bool) -> Result<(Side, Endpoint), QueueError> {
        let mapping = self.memory.map_own(Protection::ReadWrite)?;
        let geometry = Side::read_geometry(&mapping)?;
        let own_life = Endpoint::create()?;
        let answer = own_life.copy(Rights::SEND | Rights::TRANSFER)?;
        let side = Side {
            mapping,
            geometry,
            items: self.items,
            places: self.places,
            own_life,
            peer_life: self.creator_life,
            index: 0,
            producer,
            copy: Vec::new(),
        };
        Ok((side, answer))
    }
}

impl Creator {
    /// Takes the producer's end. The endpoint came from the other side as its answer.
    pub fn producer<T: Serialize>(self, peer: Endpoint) -> Producer<T> {
        Producer::new(self.side(peer, true))
    }

    /// Takes the consumer's end.
    pub fn consumer<T: DeserializeOwned>(self, peer: Endpoint) -> Consumer<T> {
        Consumer::new(self.side(peer, false))
    }

    fn side(self, peer_life: Endpoint, producer: bool) -> Side {
        Side {
            mapping: self.mapping,
            geometry: self.geometry,
            items: self.items,
            places: self.places,
            own_life: self.own_life,
            peer_life,
            index: 0,
            producer,
            copy: Vec::new(),
        }
    }
}
