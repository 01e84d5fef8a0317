//! The driver's side: clients, shares, the way of a request.
//!
//! **Fairness.** Clients take turns. In a turn a client submits 64 sectors' worth of
//! requests; what is larger saves up. The device's queue is divided among the clients that want
//! something of it, so that one with many requests does not stand in front of one with few. A
//! wrong request costs its client as much as a small one.

mod attach;
mod client;
mod flights;
#[cfg(test)]
mod tests;
mod turn;

use crate::{Backend, BlockDriver, Identity, Request};
use alloc::vec::Vec;
use client::Client;
use core::convert::Infallible;
use driver::{END, NEWS, TICK, Watchdog};
use executor::Executor;
use flights::Flights;
use service::Event;
use sys::{Endpoint, Error, Notification};
use turn::Turn;

/// Requests that are taken out of a ring together.
const BATCH: usize = 32;
/// Rounds before calls are looked at.
const ROUNDS: u32 = 64;

/// Serves a disk for ever: the main loop of a driver. The device's interrupt sets the bit
/// [`driver::INTERRUPT`] of the executor's notification.
///
/// # Errors
/// When the endpoint cannot be received from.
///
/// # Panics
/// When the device says what cannot be, or does not answer for ten seconds: the next life of the
/// driver begins with a device that was reset, and the clients make their requests again.
pub fn serve<B: Backend + 'static>(
    executor: &Executor,
    endpoint: Endpoint,
    backend: B,
) -> Result<Infallible, Error> {
    let mut server = BlockServer::new(executor.clone(), backend)?;
    executor.serve_with(endpoint, &mut server, as_driver::<B>, |server, event| {
        if let Event::Notified(bits) = event {
            server.notified(bits);
        }
    })
}

fn as_driver<B: Backend + 'static>(
    server: &mut BlockServer<B>,
) -> &mut (dyn BlockDriver + 'static) {
    server
}

/// A disk and its clients.
#[derive(Debug)]
pub struct BlockServer<B> {
    executor: Executor,
    bell: Notification,
    backend: B,
    identity: Identity,
    clients: Vec<Client>,
    flights: Flights,
    /// Whose turn is next.
    next: usize,
    next_key: u32,
    epoch: u32,
    watchdog: Watchdog,
    /// What was taken out of a ring just now.
    batch: [Request; BATCH],
}

impl<B: Backend> BlockServer<B> {
    /// With no clients.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn new(executor: Executor, backend: B) -> Result<Self, Error> {
        let bell = executor.bell()?;
        let identity = backend.identity();
        let flights = Flights::new(identity.depth);
        let watchdog = Watchdog::new(&bell)?;
        Ok(Self {
            executor,
            bell,
            backend,
            identity,
            clients: Vec::new(),
            flights,
            next: 0,
            next_key: 0,
            epoch: driver::first_epoch(),
            watchdog,
            batch: [Request::default(); BATCH],
        })
    }

    /// Does what these bits of the executor's notification ask for.
    pub fn notified(&mut self, bits: u64) {
        if bits & END != 0 {
            self.clients.iter_mut().for_each(Client::look);
        }
        if bits & TICK != 0 {
            self.look_at_the_device();
        }
        self.pump();
    }

    /// Moves requests and completions until nothing moves any more.
    fn pump(&mut self) {
        for round in 0..ROUNDS {
            // In the first one the clients that rang have something: none needs to be listened to.
            let listen = round > 0;
            if !self.round(listen) && listen {
                return self.watchdog.watch(self.flights.count() > 0);
            }
        }
        // Calls are served in between.
        let _ = self.bell.signal(NEWS);
    }

    /// One round over the device and all clients. Returns whether something moved.
    fn round(&mut self, listen: bool) -> bool {
        let mut moved = self.collect();
        for client in &mut self.clients {
            moved |= client.take(listen, &mut self.batch);
        }
        moved |= self.submit();
        self.clients.iter_mut().for_each(Client::answer);
        self.forget_ended();
        moved
    }

    /// Takes completions from the device.
    fn collect(&mut self) -> bool {
        let mut moved = false;
        while let Some(completed) = self.backend.complete() {
            let Ok(flight) = self.flights.end(completed.tag) else {
                fail("the device completed a request that it does not have");
            };
            if let Some(client) = self.clients.iter_mut().find(|c| c.key == flight.client) {
                client.in_flight -= 1;
                client.complete(flight.id, completed.result);
            }
            moved = true;
        }
        moved
    }

    /// Gives each client its turn, and rings the device once.
    fn submit(&mut self) -> bool {
        let active = self.clients.iter().filter(|client| client.is_active()).count().max(1);
        let share = (self.flights.depth() / active).max(1);
        let (mut moved, mut kick, first) = (false, false, self.next);
        for turn in 0..self.clients.len() {
            let place = first.wrapping_add(turn) % self.clients.len();
            let Some(client) = self.clients.get_mut(place) else { break };
            let turn = Turn {
                backend: &mut self.backend,
                identity: &self.identity,
                flights: &mut self.flights,
                tick: self.watchdog.tick(),
                share,
            };
            let (done, submitted) = turn.of(client);
            moved |= done > 0;
            if submitted > 0 {
                kick = true;
                self.next = place + 1;
            }
        }
        if kick {
            self.backend.kick();
        }
        moved
    }

    /// Gives back the pools of clients that have ended and have nothing in flight.
    fn forget_ended(&mut self) {
        let backend = &mut self.backend;
        self.clients.retain(|client| {
            let stays = !client.has_ended() || client.in_flight > 0;
            if !stays {
                let pool = &client.grant.pool;
                backend.unmap_pool(pool.address, pool.pages);
            }
            stays
        });
    }

    fn look_at_the_device(&mut self) {
        if self.watchdog.look().is_some_and(|tick| self.flights.any_from(tick)) {
            fail("the device does not answer");
        }
    }
}

/// Ends the driver. What a device that cannot be trusted did to requests in flight is not known:
/// its reset, and the clients, which make them again, settle it.
fn fail(why: &str) -> ! {
    panic!("{why}")
}
