//! How two processes come to share a queue: one message of four handles, no answer.

use crate::bell::{Bell, Ear, Life};
use crate::layout::{Form, Layout};
use crate::link::Link;
use crate::ring::{Record, Ring, record_bytes};
use crate::{Channel, Consumer, Producer, QueueError, RecordConsumer, RecordProducer};
use serde::{Serialize, de::DeserializeOwned};
use sys::{Handles, Lifeline, Memory, Notification, ObjectKind, OwnedHandle, Protection};

/// What travels to the other process: four handles.
#[derive(Debug)]
#[must_use = "the other process needs it"]
pub struct Offer {
    pub(crate) memory: Memory,
    /// The creator's bell.
    pub(crate) bell: Notification,
    /// Held for the creator, who watches it.
    pub(crate) life: Lifeline,
    /// The private bell of the other side, or how it watches the creator.
    pub(crate) other: OwnedHandle,
}

/// What an offer came to.
struct Accepted {
    link: Link,
    layout: Layout,
    epoch: u32,
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
        let (link, ring) = self.accept(None, Form::Items)?.ring(true);
        Ok(Producer::new(link, ring))
    }

    /// Takes the consumer's end.
    ///
    /// # Errors
    /// As for [`Offer::producer`].
    pub fn consumer<T: DeserializeOwned>(self) -> Result<Consumer<T>, QueueError> {
        let (link, ring) = self.accept(None, Form::Items)?.ring(false);
        Ok(Consumer::new(link, ring))
    }

    /// Takes the producer's end of a queue that rings the bell which its maker was told.
    ///
    /// # Errors
    /// As for [`Offer::producer`].
    pub fn producer_on<T: Serialize>(self, bell: Bell) -> Result<Producer<T>, QueueError> {
        let (link, ring) = self.accept(Some(bell), Form::Items)?.ring(true);
        Ok(Producer::new(link, ring))
    }

    /// The same for the consumer's end.
    ///
    /// # Errors
    /// As for [`Offer::producer`].
    pub fn consumer_on<T: DeserializeOwned>(self, bell: Bell) -> Result<Consumer<T>, QueueError> {
        let (link, ring) = self.accept(Some(bell), Form::Items)?.ring(false);
        Ok(Consumer::new(link, ring))
    }

    /// Takes the producer's end of a queue of records; with the bell that its maker was told, if
    /// it was told one.
    ///
    /// # Errors
    /// As for [`Offer::producer`], also when the records have another size.
    pub fn record_producer<T: Record>(
        self,
        bell: Option<Bell>,
    ) -> Result<RecordProducer<T>, QueueError> {
        let accepted = self.accept(bell, Form::Records)?;
        accepted.check_sizes([record_bytes::<T>(), 0])?;
        let (link, ring) = accepted.ring(true);
        Ok(RecordProducer::new(link, ring))
    }

    /// The same for the consumer's end.
    ///
    /// # Errors
    /// As for [`Offer::record_producer`].
    pub fn record_consumer<T: Record>(
        self,
        bell: Option<Bell>,
    ) -> Result<RecordConsumer<T>, QueueError> {
        let accepted = self.accept(bell, Form::Records)?;
        accepted.check_sizes([record_bytes::<T>(), 0])?;
        let (link, ring) = accepted.ring(false);
        Ok(RecordConsumer::new(link, ring))
    }

    /// Takes the other end of a channel, which sends S and receives R.
    ///
    /// # Errors
    /// As for [`Offer::record_producer`].
    pub fn channel<S: Record, R: Record>(
        self,
        bell: Option<Bell>,
    ) -> Result<Channel<S, R>, QueueError> {
        let accepted = self.accept(bell, Form::Pair)?;
        accepted.check_sizes([record_bytes::<R>(), record_bytes::<S>()])?;
        let Accepted { link, layout: Layout { rings: [into, out], .. }, epoch } = accepted;
        Ok(Channel::new(link, Ring::new(out, true), Ring::new(into, false), epoch))
    }

    fn accept(self, bell: Option<Bell>, form: Form) -> Result<Accepted, QueueError> {
        let mapping = self.memory.map_own(Protection::ReadWrite)?;
        let (layout, epoch) = Link::read_layout(&mapping, form)?;
        let private = self.other.info()?.0 == ObjectKind::Notification;
        let (ear, life) = match bell {
            Some(bell) if !private => (Ear::Foreign(bell), Life::Watched(self.other.into())),
            None if private => (Ear::private(self.other.into()), Life::Heard),
            // The maker and this side do not mean the same bell.
            _ => return Err(QueueError::Kernel(sys::Error::BadState)),
        };
        let link = Link { mapping, ear, life, peer: self.bell, held: self.life, creator: false };
        Ok(Accepted { link, layout, epoch })
    }
}

impl Accepted {
    fn ring(self, producer: bool) -> (Link, Ring) {
        let [first, _] = self.layout.rings;
        (self.link, Ring::new(first, producer))
    }

    fn check_sizes(&self, bytes: [u32; 2]) -> Result<(), QueueError> {
        let same = self.layout.rings.map(|ring| ring.slot_bytes) == bytes;
        if same { Ok(()) } else { Err(QueueError::Corrupt) }
    }
}
