//! A queue before it is made.

use crate::bell::{Bell, Ear, Life};
use crate::layout::{Form, Layout};
use crate::link::Link;
use crate::offer::Offer;
use crate::ring::{Record, Ring, record_bytes};
use crate::{Channel, Consumer, Producer, RecordConsumer, RecordProducer};
use core::marker::PhantomData;
use serde::{Serialize, de::DeserializeOwned};
use sys::{Error, Lifeline, LifelineWatch, Memory, Notification, OwnedHandle, Protection, Rights};

/// A queue of items in postcard.
#[derive(Debug)]
pub struct Items;

/// A queue of records of a fixed layout.
#[derive(Debug)]
pub struct Records<T>(PhantomData<fn(T) -> T>);

/// Two queues of records: the creator sends S and receives R.
#[derive(Debug)]
pub struct Pair<S, R>(PhantomData<fn(S) -> R>);

/// A queue to be made. `F` says what is in it: [`Items`], [`Records`] or a [`Pair`].
#[derive(Debug)]
pub struct Plan<F = Items> {
    layout: Layout,
    epoch: u32,
    own: Option<Bell>,
    peer: Option<Bell>,
    form: PhantomData<F>,
}

/// The creator's end.
#[derive(Debug)]
#[must_use = "dropping it ends the queue before it began"]
pub struct Creator<F = Items> {
    link: Link,
    layout: Layout,
    epoch: u32,
    form: PhantomData<F>,
}

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
        Self::with(Form::Items, slots, [slot_bytes, 0])
    }
}

impl<T: Record> Plan<Records<T>> {
    /// With `slots` slots (a power of two), each for one record.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for sizes that cannot be.
    pub fn records(slots: u32) -> Result<Self, Error> {
        Self::with(Form::Records, slots, [record_bytes::<T>(), 0])
    }
}

impl<S: Record, R: Record> Plan<Pair<S, R>> {
    /// With `slots` slots (a power of two) in each direction. The other side reads `epoch`.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for sizes that cannot be.
    pub fn channel(slots: u32, epoch: u32) -> Result<Self, Error> {
        let plan = Self::with(Form::Pair, slots, [record_bytes::<S>(), record_bytes::<R>()])?;
        Ok(Self { epoch, ..plan })
    }
}

impl<F> Plan<F> {
    fn with(form: Form, slots: u32, bytes: [u32; 2]) -> Result<Self, Error> {
        let layout = Layout::new(form, slots, bytes).ok_or(Error::BadArgument)?;
        Ok(Self { layout, epoch: 0, own: None, peer: None, form: PhantomData })
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
    pub fn create(self) -> Result<(Creator<F>, Offer), Error> {
        let memory = Memory::create(self.layout.pages())?;
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
        let link = Link {
            mapping,
            life: Life::Watched(watch_peer),
            peer: peer.notification().copy(Rights::SIGNAL)?,
            held: held_here,
            ear: own,
            creator: true,
        };
        link.describe(&self.layout, peer.number(), self.epoch)?;
        let Self { layout, epoch, .. } = self;
        Ok((Creator { link, layout, epoch, form: PhantomData }, offer))
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

impl<F> Creator<F> {
    fn ring(self, producer: bool) -> (Link, Ring) {
        let [first, _] = self.layout.rings;
        (self.link, Ring::new(first, producer))
    }
}

impl Creator {
    /// Takes the producer's end.
    pub fn producer<T: Serialize>(self) -> Producer<T> {
        let (link, ring) = self.ring(true);
        Producer::new(link, ring)
    }

    /// Takes the consumer's end.
    pub fn consumer<T: DeserializeOwned>(self) -> Consumer<T> {
        let (link, ring) = self.ring(false);
        Consumer::new(link, ring)
    }
}

impl<T: Record> Creator<Records<T>> {
    /// Takes the producer's end.
    pub fn producer(self) -> RecordProducer<T> {
        let (link, ring) = self.ring(true);
        RecordProducer::new(link, ring)
    }

    /// Takes the consumer's end.
    pub fn consumer(self) -> RecordConsumer<T> {
        let (link, ring) = self.ring(false);
        RecordConsumer::new(link, ring)
    }
}

impl<S: Record, R: Record> Creator<Pair<S, R>> {
    /// Takes the creator's end.
    pub fn channel(self) -> Channel<S, R> {
        let [out, into] = self.layout.rings;
        Channel::new(self.link, Ring::new(out, true), Ring::new(into, false), self.epoch)
    }
}
