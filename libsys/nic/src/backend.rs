//! What a driver implements.

use crate::{Link, NicError, Operation};
use sys::{DeviceAddress, Memory};

/// A slot as a device gets it: checked, with an address of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceFrame {
    /// Names it until it is completed. Less than the number of slots that were agreed.
    pub tag: u16,
    /// To be filled, or to be transmitted.
    pub operation: Operation,
    /// Where the slot begins.
    pub address: DeviceAddress,
    /// The room for a frame, or its length.
    pub bytes: u16,
}

/// What became of a slot that was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// The device has it, or will after [`Backend::kick`].
    Accepted,
    /// The device's queue is full: the slot is submitted again after a completion.
    Full,
}

/// A slot that the device gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completed {
    /// Its name.
    pub tag: u16,
    /// The length of a received frame, 0 for a transmitted one; or how it failed.
    pub result: Result<u16, NicError>,
}

/// A card, as a driver shows it to [`NicServer`](crate::NicServer). The server calls it from one
/// thread, and has checked everything that comes from the client.
pub trait Backend {
    /// What the card is. Does not change while the driver lives.
    fn link(&self) -> Link;

    /// Makes the first pages of the client's pool reachable for the device, at one run of device
    /// addresses. Returns the address of the first byte. There is one pool in a driver's life.
    ///
    /// # Errors
    /// [`NicError::BadPool`] when there is no such run.
    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, NicError>;

    /// Gives a slot to the device. The device may be told of it only by [`Backend::kick`].
    fn submit(&mut self, frame: &DeviceFrame) -> Submitted;

    /// Tells the device of all that was submitted since the last time.
    fn kick(&mut self);

    /// The next slot that the device gives back. Called until there is none, after each interrupt;
    /// the backend acknowledges the interrupt before it looks.
    fn complete(&mut self) -> Option<Completed>;
}
