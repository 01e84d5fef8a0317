//! The way to the card: by whichever of the drivers has one.

use alloc::vec::Vec;
use nic::{Attached, Door, NicError, Terms};
use queue::Offer;
use sys::{Memory, Notification};

/// The ways to drivers, of which one has a card.
#[derive(Debug)]
pub struct Cards<D>(Vec<D>);

impl<D: Door> Cards<D> {
    /// Asks these drivers, one after the other.
    #[must_use]
    pub fn new(doors: Vec<D>) -> Self {
        Self(doors)
    }
}

impl<D: Door> Door for Cards<D> {
    fn attach(
        &self,
        pool: &Memory,
        bell: &Notification,
        terms: Terms,
    ) -> Result<(Offer, Attached), NicError> {
        let mut attached = Err(NicError::NoDriver);
        for door in &self.0 {
            attached = door.attach(pool, bell, terms);
            if attached.is_ok() {
                break;
            }
        }
        attached
    }
}
