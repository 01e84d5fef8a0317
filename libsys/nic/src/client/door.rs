//! How the client comes to its card, again and again.

use crate::{Attached, NicDriverClient, NicError, Terms};
use driver::ATTACH_NS;
use sys::{Memory, Notification};

/// The way to a card.
pub trait Door: Send + 'static {
    /// Attaches to the present life of the driver.
    ///
    /// # Errors
    /// [`NicError::NoDriver`] when it does not answer: the client tries again.
    fn attach(
        &self,
        pool: &Memory,
        bell: &Notification,
        terms: Terms,
    ) -> Result<(queue::Offer, Attached), NicError>;
}

/// The way straight to a driver, which is looked up when it is needed: there may be none yet.
pub struct DriverDoor<F>(F);

impl<F> core::fmt::Debug for DriverDoor<F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DriverDoor").finish_non_exhaustive()
    }
}

impl<F: Fn() -> Option<NicDriverClient> + Send + 'static> DriverDoor<F> {
    /// By what finds the driver.
    pub fn new(find: F) -> Self {
        Self(find)
    }
}

impl<F: Fn() -> Option<NicDriverClient> + Send + 'static> Door for DriverDoor<F> {
    fn attach(
        &self,
        pool: &Memory,
        bell: &Notification,
        terms: Terms,
    ) -> Result<(queue::Offer, Attached), NicError> {
        let driver = (self.0)().ok_or(NicError::NoDriver)?;
        driver
            .within(ATTACH_NS)
            .attach(pool, bell, terms)
            .map_err(|error| driver::failed(error, NicError::NotAllowed, NicError::NoDriver))
    }
}
