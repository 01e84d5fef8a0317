//! The way to the driver, without blocking the executor.

use crate::client::Door;
use crate::{Attached, Bits, BlockError, Completion, Request};
use alloc::boxed::Box;
use executor::{Bit, Executor, Remote};
use queue::{Channel, Offer};
use sys::{Memory, Rights};

/// The way to the driver, without blocking the executor.
pub(super) struct Way<'a> {
    pub(super) executor: &'a Executor,
    pub(super) news: &'a Bit,
    pub(super) end: &'a Bit,
    pub(super) door: &'a Remote<Box<dyn Door>>,
}

impl Way<'_> {
    pub(super) async fn call(
        &self,
        pool: &Memory,
        units: u16,
    ) -> Result<(Offer, Attached), BlockError> {
        let (pool, bell) = (pool.copy(Rights::ALL)?, self.executor.bell()?);
        let bits = Bits::of(self.news, self.end);
        self.door.start(move |door| door.attach(&pool, &bell, bits, units)).await
    }

    pub(super) fn open(&self, offer: Offer) -> Result<Channel<Request, Completion>, BlockError> {
        let bell = Bits::of(self.news, self.end).bell(self.executor.bell()?);
        offer.channel(Some(bell)).map_err(|_| BlockError::Protocol)
    }
}
