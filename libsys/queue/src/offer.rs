//! How two processes come to share a queue: one message of four handles, no answer.

use crate::bell::{Bell, Ear, Life};
use crate::layout::Geometry;
use crate::side::Side;
use crate::{Consumer, Producer, QueueError};
use alloc::vec::Vec;
use serde::{Serialize, de::DeserializeOwned};
use sys::{
    Error, Handles, Lifeline, LifelineWatch, Memory, Notification, ObjectKind, OwnedHandle,
    Protection, Rights,
};

/// A queue to be made.
#[derive(Debug)]
pub struct Plan {
    geometry: Geometry,
    own: Option<Bell>,
    peer: Option<Bell>,
}

/// What travels to the other process: four handles.
#[derive(Debug)]
#[must_use = "the other process needs it"]
pub struct Offer {
    memory: Memory,
    /// The creator's bell.
    bell: Notification,
    /// Held for the creator, who watches it.
    life: Lifeline,
    /// The private bell of the other side, or how it watches the creator.
    other: OwnedHandle,
}

/// The creator's end.
#[derive(Debug)]
#[must_use = "dropping it ends the queue before it began"]
pub struct Creator(Side);

/// A queue with `slots` slots (a power of two) of `slot_bytes` bytes, for two sides that wait for
/// it alone.
///
/// # Errors
/// As for [`Plan::new`] and [`Plan::create`].
pub fn create(slots: u32, slot_bytes: u32) -> Result<(Creator, Offer), Error> {
    Plan::new(slots, slot_bytes)?.create()
}

impl Plan {
    /// With `slots` slots (a power of two) of `slot_bytes` bytes.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for sizes that cannot be.
    pub fn new(slots: u32, slot_bytes: u32) -> Result<Self, Error> {
        let geometry = Geometry::new(slots, slot_bytes).ok_or(Error::BadArgument)?;
        Ok(Self { geometry, own: None, peer: None })
    }

    /// The creator waits for this bell, together with other things.
    #[must_use]
    pub fn rings(self, own: Bell) -> Self {
        Self { own: Some(own), ..self }
    }

    /// The other side waits for this bell, which it has told.
    #[must_use]
    pub fn rings_there(self, peer: Bell) -> Self {
        Self { peer: Some(peer), ..self }
    }

    /// Makes the queue.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn create(self) -> Result<(Creator, Offer), Error> {
        let memory = Memory::create(self.geometry.pages())?;
        let mapping = memory.map_own(Protection::ReadWrite)?;
        let own = ear(self.own)?;
        let private_there = self.peer.is_none();
        let peer = ear(self.peer)?;
        let (watch_peer, held_by_peer) = lifeline(&own)?;
        let (watch_own, held_here) = lifeline(&peer)?;
        let to_signal = Rights::SIGNAL | Rights::TRANSFER;
        let other = if private_there {
            peer.notification().copy(to_signal | Rights::WAIT)?.into()
        } else {
            OwnedHandle::from(watch_own)
        };
        let offer = Offer {
            memory: memory.copy(Rights::READ | Rights::WRITE | Rights::TRANSFER)?,
            bell: own.notification().copy(to_signal)?,
            life: held_by_peer,
            other,
        };
        let side = Side {
            mapping,
            geometry: self.geometry,
            life: Life::Watched(watch_peer),
            peer: peer.notification().copy(Rights::SIGNAL)?,
            held: held_here,
            ear: own,
            creator: true,
            index: 0,
            producer: true,
            copy: Vec::new(),
        };
        side.describe(peer.number())?;
        Ok((Creator(side), offer))
    }
}

/// The given bell, or a private one.
fn ear(bell: Option<Bell>) -> Result<Ear, Error> {
    match bell {
        Some(bell) => Ok(Ear::Foreign(bell)),
        None => Notification::create().map(Ear::private),
    }
}

/// A lifeline whose end rings this bell.
fn lifeline(ear: &Ear) -> Result<(LifelineWatch, Lifeline), Error> {
    Lifeline::create(ear.notification(), ear.gone_bits())
}

impl Handles for Offer {
    const COUNT: usize = 4;

    fn into_handles(self) -> impl IntoIterator<Item = OwnedHandle> {
        self.into_handles()
    }

    fn from_handles(handles: &mut dyn Iterator<Item = OwnedHandle>) -> Option<Self> {
        let mut next = || handles.next();
        Some(Self::from_handles([next()?, next()?, next()?, next()?]))
    }
}

impl Offer {
    /// The handles to send, in order.
    pub fn into_handles(self) -> [OwnedHandle; 4] {
        [self.memory.into(), self.bell.into(), self.life.into(), self.other]
    }

    /// The handles that came, in order.
    pub fn from_handles([memory, bell, life, other]: [OwnedHandle; 4]) -> Self {
        Self { memory: memory.into(), bell: bell.into(), life: life.into(), other }
    }

    /// Takes the producer's end.
    ///
    /// # Errors
    /// [`QueueError::Corrupt`] when the memory holds no queue, and what the kernel refuses.
    pub fn producer<T: Serialize>(self) -> Result<Producer<T>, QueueError> {
        self.accept(None, true).map(Producer::new)
    }

    /// Takes the consumer's end.
    ///
    /// # Errors
    /// As for [`Offer::producer`].
    pub fn consumer<T: DeserializeOwned>(self) -> Result<Consumer<T>, QueueError> {
        self.accept(None, false).map(Consumer::new)
    }

    /// Takes the producer's end of a queue that rings the bell which its maker was told.
    ///
    /// # Errors
    /// As for [`Offer::producer`].
    pub fn producer_on<T: Serialize>(self, bell: Bell) -> Result<Producer<T>, QueueError> {
        self.accept(Some(bell), true).map(Producer::new)
    }

    /// The same for the consumer's end.
    ///
    /// # Errors
    /// As for [`Offer::producer`].
    pub fn consumer_on<T: DeserializeOwned>(self, bell: Bell) -> Result<Consumer<T>, QueueError> {
        self.accept(Some(bell), false).map(Consumer::new)
    }

    fn accept(self, bell: Option<Bell>, producer: bool) -> Result<Side, QueueError> {
        let mapping = self.memory.map_own(Protection::ReadWrite)?;
        let geometry = Side::read_geometry(&mapping)?;
        let private = self.other.info()?.0 == ObjectKind::Notification;
        let (ear, life) = match bell {
            Some(bell) if !private => (Ear::Foreign(bell), Life::Watched(self.other.into())),
            None if private => (Ear::private(self.other.into()), Life::Heard),
            // The maker and this side do not mean the same bell.
            _ => return Err(QueueError::Kernel(Error::BadState)),
        };
        Ok(Side {
            mapping,
            geometry,
            ear,
            life,
            peer: self.bell,
            held: self.life,
            creator: false,
            index: 0,
            producer,
            copy: Vec::new(),
        })
    }
}

impl Creator {
    /// Takes the producer's end.
    pub fn producer<T: Serialize>(self) -> Producer<T> {
        Producer::new(self.0.with_role(true))
    }

    /// Takes the consumer's end.
    pub fn consumer<T: DeserializeOwned>(self) -> Consumer<T> {
        Consumer::new(self.0.with_role(false))
    }
}
