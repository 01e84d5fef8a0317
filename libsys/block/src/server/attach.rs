//! How a client comes: what it may have, its pool, its channel.

use super::BlockServer;
use super::client::{Client, Grant, Pool};
use crate::{Attached, Backend, Bits, BlockDriver, BlockError, Identity, Range, Terms};
use queue::Plan;
use service::Caller;
use sys::{Error, Memory, Notification};

/// The most clients, and the most of one owner.
pub(super) const CLIENTS: usize = 16;
pub(super) const PER_OWNER: usize = 4;
/// The most pages of the pools of one owner: 4 MiB.
pub(super) const POOL_PAGES: u64 = 1024;
/// The most requests of a client in flight.
const UNITS: u16 = 64;

impl<B: Backend> BlockServer<B> {
    fn grant(&mut self, memory: Memory, terms: &Terms) -> Result<Grant, BlockError> {
        let (mut count, mut pages_held) = (0, 0);
        for client in self.clients.iter().filter(|client| client.grant.owner == terms.owner) {
            count += 1;
            pages_held += client.grant.pool.pages;
        }
        if self.clients.len() >= CLIENTS || count >= PER_OWNER {
            return Err(BlockError::TooMany);
        }
        let Range { first, sectors, read_only } = terms.range;
        let inside = first.checked_add(sectors).is_some_and(|end| end <= self.identity.sectors);
        if !inside {
            return Err(BlockError::OutOfRange);
        }
        let pages = memory.info()?.pages;
        if pages > POOL_PAGES {
            return Err(BlockError::BadPool);
        }
        if pages_held + pages > POOL_PAGES {
            return Err(BlockError::TooMany);
        }
        let address = self.backend.map_pool(&memory, pages)?;
        self.epoch = self.epoch.wrapping_add(1);
        Ok(Grant {
            owner: terms.owner,
            range: Range { first, sectors, read_only: read_only || self.identity.read_only },
            epoch: self.epoch,
            units: terms.units.clamp(1, UNITS).into(),
            pool: Pool { _memory: memory, address, pages },
        })
    }

    /// Makes the channel of a client. The pool is the device's already.
    fn admit(
        &mut self,
        grant: Grant,
        bell: Notification,
        terms: &Terms,
    ) -> Result<queue::Offer, Error> {
        let slots = u32::try_from(grant.units.next_power_of_two()).unwrap_or(1);
        let own = Bits::OF_DRIVER.bell(self.executor.bell()?);
        let peer = terms.bits.bell(bell);
        let plan = Plan::channel(slots, grant.epoch)?.rings(own).rings_there(peer);
        let (creator, offer) = plan.create()?;
        self.next_key = self.next_key.wrapping_add(1);
        let mut client = Client::new(self.next_key, grant, creator.channel());
        client.take(true, &mut self.batch);
        self.clients.push(client);
        Ok(offer)
    }

    fn attached(&self, grant: &Grant) -> Attached {
        let Range { sectors, read_only, .. } = grant.range;
        let identity = Identity { sectors, read_only, ..self.identity.clone() };
        Attached { epoch: grant.epoch, units: u16::try_from(grant.units).unwrap_or(1), identity }
    }
}

impl<B: Backend> BlockDriver for BlockServer<B> {
    fn identity(&mut self, _: &Caller) -> Result<Identity, BlockError> {
        Ok(self.identity.clone())
    }

    fn attach(
        &mut self,
        _: &Caller,
        pool: Memory,
        bell: Notification,
        terms: Terms,
    ) -> Result<(queue::Offer, Attached), BlockError> {
        // A client that ended just now makes room for its next attachment.
        self.clients.iter_mut().for_each(Client::look);
        self.pump();
        let grant = self.grant(pool, &terms)?;
        let (address, pages) = (grant.pool.address, grant.pool.pages);
        let attached = self.attached(&grant);
        match self.admit(grant, bell, &terms) {
            Ok(offer) => Ok((offer, attached)),
            Err(error) => {
                self.backend.unmap_pool(address, pages);
                Err(error.into())
            }
        }
    }
}
