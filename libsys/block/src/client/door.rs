//! How a client comes to its disk, again and again.

use crate::{Attached, Bits, BlockDriverClient, BlockError, Range, Terms};
use driver::ATTACH_NS;
use service::CallError;
use sys::{Memory, Notification};

/// The way to a disk: straight to a driver, or through the server `blk`.
pub trait Door: Send + 'static {
    /// Attaches to the present life of the driver.
    ///
    /// # Errors
    /// [`BlockError::NoDriver`] when it does not answer: the client tries again.
    fn attach(
        &self,
        pool: &Memory,
        bell: &Notification,
        bits: Bits,
        units: u16,
    ) -> Result<(queue::Offer, Attached), BlockError>;
}

/// The way straight to a driver.
#[derive(Debug)]
pub struct DriverDoor {
    driver: BlockDriverClient,
    owner: u64,
    range: Range,
}

impl DriverDoor {
    /// To this part of the driver's disk.
    #[must_use]
    pub fn new(driver: BlockDriverClient, owner: u64, range: Range) -> Self {
        Self { driver, owner, range }
    }

    /// To all of the driver's disk.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub fn whole(driver: BlockDriverClient, owner: u64) -> Result<Self, BlockError> {
        let identity = driver.within(ATTACH_NS).identity().map_err(failed)?;
        Ok(Self::new(driver, owner, Range::whole(&identity)))
    }
}

impl Door for DriverDoor {
    fn attach(
        &self,
        pool: &Memory,
        bell: &Notification,
        bits: Bits,
        units: u16,
    ) -> Result<(queue::Offer, Attached), BlockError> {
        let Self { driver, owner, range } = self;
        let terms = Terms { owner: *owner, range: *range, units, bits };
        driver.within(ATTACH_NS).attach(pool, bell, terms).map_err(failed)
    }
}

/// What a failed call of a service of blocks means.
#[must_use]
pub fn failed(error: CallError<BlockError>) -> BlockError {
    driver::failed(error, BlockError::NotAllowed, BlockError::NoDriver)
}
