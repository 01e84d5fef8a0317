//! Events from a server to its clients, without a thread on either side.
//!
//! A client gives a notification of its own and says which bits it wants to get; the server
//! keeps both here and signals. What the client gets back is a [`Lifeline`]: dropping it ends
//! the subscription, and so does the client's death. More than bits travels in a queue, whose
//! offer is an argument like any other (`#[handle] offer: queue::Offer`).
//!
//! ```
//! # let (server_bell, client_bell) = (sys::Notification::create()?, sys::Notification::create()?);
//! let mut subscribers = service::Subscribers::on(&server_bell, 1)?;
//! // In a method `#[returns_handle] fn subscribe(&mut self, #[handle(copy, SIGNAL)] bell: …)`:
//! let subscription = subscribers.add(client_bell.copy(sys::Rights::SIGNAL)?, 0b100)?;
//! subscribers.signal_all();
//! assert_eq!(client_bell.poll()?, 0b100);
//! drop(subscription);
//! assert_eq!(server_bell.poll()?, 1); // in a server: `Event::Notified(1)`
//! subscribers.drop_dead();
//! assert_eq!(subscribers.len(), 0);
//! # Ok::<(), sys::Error>(())
//! ```

use alloc::vec::Vec;
use sys::{Error, Lifeline, LifelineWatch, Notification, Rights};

/// Clients that wait for the same event.
#[derive(Debug)]
pub struct Subscribers {
    bell: Notification,
    bits: u64,
    all: Vec<Subscriber>,
}

#[derive(Debug)]
struct Subscriber {
    bell: Notification,
    bits: u64,
    watch: LifelineWatch,
}

impl Subscribers {
    /// The most subscribers: what clients can make a server keep has an end.
    pub const MOST: usize = 256;

    /// None yet. These bits of the server's notification are set when one ends; then
    /// call [`Subscribers::drop_dead`].
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn on(bell: &Notification, bits: u64) -> Result<Self, Error> {
        Ok(Self { bell: bell.copy(Rights::ALL)?, bits, all: Vec::new() })
    }

    /// Adds a client: its notification gets these bits. The result is for the client.
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`] when there are too many, and what the kernel refuses.
    pub fn add(&mut self, bell: Notification, bits: u64) -> Result<Lifeline, Error> {
        if self.all.len() >= Self::MOST {
            self.drop_dead();
        }
        if self.all.len() >= Self::MOST {
            return Err(Error::QuotaExceeded);
        }
        let (watch, held) = Lifeline::create(&self.bell, self.bits)?;
        self.all.push(Subscriber { bell, bits, watch });
        Ok(held)
    }

    /// Signals all of them. Those that cannot be signalled are dropped.
    pub fn signal_all(&mut self) {
        self.all.retain(|subscriber| subscriber.bell.signal(subscriber.bits).is_ok());
    }

    /// Drops those that are gone or have ended their subscription.
    pub fn drop_dead(&mut self) {
        self.all.retain(|subscriber| subscriber.watch.held().unwrap_or(false));
    }

    /// The number of subscribers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
