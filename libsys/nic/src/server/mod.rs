//! The driver's side: the client, its slots, the device.

mod slots;
#[cfg(test)]
mod tests;

use crate::{
    Attached, Backend, Bits, Completion, FRAME_BYTES, Link, NicDriver, NicError, Request, Terms,
};
use core::convert::Infallible;
use driver::{END, NEWS, TICK, Watchdog};
use executor::Executor;
use queue::{Channel, Plan};
use service::{Caller, Event};
use slots::Slots;
use sys::{Endpoint, Error, Memory, Notification, PAGE_SIZE};

/// Records that are taken out of a ring together.
const BATCH: usize = 32;
/// Rounds before calls are looked at.
const ROUNDS: u32 = 64;
/// The most slots of a client.
const SLOTS: u16 = 512;

/// Serves a card for ever: the main loop of a driver. The device's interrupt sets the bit
/// [`driver::INTERRUPT`] of the executor's notification.
///
/// # Errors
/// When the endpoint cannot be received from.
///
/// # Panics
/// When the device says what cannot be, or does not transmit a frame in ten seconds. The process
/// exits when its client ends: the next life begins with a device that was reset.
pub fn serve<B: Backend + 'static>(
    executor: &Executor,
    endpoint: Endpoint,
    backend: B,
) -> Result<Infallible, Error> {
    let mut server = NicServer::new(executor.clone(), backend)?;
    executor.serve_with(endpoint, &mut server, as_driver::<B>, |server, event| {
        if let Event::Notified(bits) = event
            && server.notified(bits).is_err()
        {
            sys::exit(0);
        }
    })
}

fn as_driver<B: Backend + 'static>(server: &mut NicServer<B>) -> &mut (dyn NicDriver + 'static) {
    server
}

/// The client has ended: the device must be reset before there is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientEnded;

#[derive(Debug)]
struct Client {
    channel: Channel<Completion, Request>,
    slots: Slots,
    /// Kept, so that its frames stay as long as the device may write them.
    _pool: Memory,
}

/// A card and its client.
#[derive(Debug)]
pub struct NicServer<B> {
    executor: Executor,
    bell: Notification,
    backend: B,
    link: Link,
    client: Option<Client>,
    /// Runs while the device has a frame to transmit.
    watchdog: Watchdog,
    batch: [Request; BATCH],
}

impl<B: Backend> NicServer<B> {
    /// With no client.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn new(executor: Executor, backend: B) -> Result<Self, Error> {
        let bell = executor.bell()?;
        let link = backend.link();
        let watchdog = Watchdog::new(&bell)?;
        let batch = [Request::default(); BATCH];
        Ok(Self { executor, bell, backend, link, client: None, watchdog, batch })
    }

    /// Does what these bits of the executor's notification ask for.
    ///
    /// # Errors
    /// [`ClientEnded`]: it is dead, has closed its channel, or wrote what cannot be.
    pub fn notified(&mut self, bits: u64) -> Result<(), ClientEnded> {
        if let Some(client) = &self.client
            && bits & END != 0
            && client.channel.check_peer().is_err()
        {
            return Err(ClientEnded);
        }
        if bits & TICK != 0 {
            self.look_at_the_device();
        }
        self.pump()
    }

    /// Moves slots until nothing moves any more.
    fn pump(&mut self) -> Result<(), ClientEnded> {
        for round in 0..ROUNDS {
            // In the first one a client that rang has something: it needs not be listened to.
            let listen = round > 0;
            if !self.round(listen)? && listen {
                let client = self.client.as_ref();
                self.watchdog.watch(client.is_some_and(|it| it.slots.transmits_from(u64::MAX)));
                return Ok(());
            }
        }
        // Calls are served in between.
        let _ = self.bell.signal(NEWS);
        Ok(())
    }

    /// One round over the device and the client. Returns whether something moved.
    fn round(&mut self, listen: bool) -> Result<bool, ClientEnded> {
        let Self { backend, client, watchdog, batch, .. } = self;
        let mut moved = false;
        let Some(client) = client else {
            // A completion without a client is of no slot that was given.
            return if backend.complete().is_some() { fail(UNASKED) } else { Ok(false) };
        };
        while let Some(completed) = backend.complete() {
            if client.slots.end(completed).is_err() {
                fail(UNASKED);
            }
            moved = true;
        }
        moved |= client.take(listen, watchdog.tick(), batch)?;
        if client.slots.submit(backend) {
            backend.kick();
            moved = true;
        }
        client.answer()?;
        Ok(moved)
    }

    fn look_at_the_device(&mut self) {
        if let Some((tick, client)) = self.watchdog.look().zip(self.client.as_ref())
            && client.slots.transmits_from(tick)
        {
            fail("the device does not transmit");
        }
    }

    fn admit(
        &mut self,
        pool: Memory,
        bell: Notification,
        terms: Terms,
    ) -> Result<(queue::Offer, Attached), NicError> {
        let slots = terms.receive.checked_add(terms.transmit).ok_or(NicError::BadPool)?;
        if terms.receive == 0 || terms.transmit == 0 || slots > SLOTS {
            return Err(NicError::BadPool);
        }
        let pages = (u64::from(slots) * u64::from(FRAME_BYTES)).div_ceil(PAGE_SIZE);
        if pool.info()?.pages < pages {
            return Err(NicError::BadPool);
        }
        let epoch = driver::first_epoch();
        let own = Bits::OF_DRIVER.bell(self.executor.bell()?);
        let peer = terms.bits.bell(bell);
        let plan = Plan::channel(u32::from(slots).next_power_of_two(), epoch)?;
        let (creator, offer) = plan.rings(own).rings_there(peer).create()?;
        let address = self.backend.map_pool(&pool, pages)?;
        let slots = Slots::new(terms, address, epoch, self.link.mtu);
        self.client = Some(Client { channel: creator.channel(), slots, _pool: pool });
        // It has the client listened to.
        let _ = self.bell.signal(NEWS);
        Ok((offer, Attached { epoch, link: self.link }))
    }
}

impl<B: Backend> NicDriver for NicServer<B> {
    fn link(&mut self, _: &Caller) -> Result<Link, NicError> {
        Ok(self.link)
    }

    fn attach(
        &mut self,
        _: &Caller,
        pool: Memory,
        bell: Notification,
        terms: Terms,
    ) -> Result<(queue::Offer, Attached), NicError> {
        if let Some(client) = &self.client {
            if client.channel.check_peer().is_err() {
                // The driver is about to end: the next life admits the client.
                let _ = self.bell.signal(END);
            }
            return Err(NicError::Busy);
        }
        self.admit(pool, bell, terms)
    }
}

impl Client {
    /// Takes what is in its ring; asks to be woken when that is nothing and `listen` says so.
    fn take(
        &mut self,
        listen: bool,
        tick: u64,
        batch: &mut [Request],
    ) -> Result<bool, ClientEnded> {
        let channel = &mut self.channel;
        let taken = if listen { channel.receive_or_listen(batch) } else { channel.receive(batch) };
        let count = taken.map_err(|_| ClientEnded)?;
        let requests = batch.get(..count).ok_or(ClientEnded)?;
        for request in requests {
            self.slots.begin(request, tick).map_err(|_| ClientEnded)?;
        }
        Ok(count > 0)
    }

    /// Sends what has ended, in one batch. There is room for a client that keeps to its slots.
    fn answer(&mut self) -> Result<(), ClientEnded> {
        let done = self.slots.done();
        if done.is_empty() {
            return Ok(());
        }
        if self.channel.send(done) != Ok(done.len()) {
            return Err(ClientEnded);
        }
        self.slots.clear_done();
        Ok(())
    }
}

const UNASKED: &str = "the device completed a frame that it does not have";

/// Ends the driver: the reset of the device settles what became of its frames.
fn fail(why: &str) -> ! {
    panic!("{why}")
}
