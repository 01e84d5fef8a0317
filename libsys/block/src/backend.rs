//! What a driver implements.

use crate::{BlockError, Identity, Operation};
use sys::{DeviceAddress, Memory};

/// A request as a device gets it: checked, with addresses of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// Names it until it is completed. Less than [`Identity::depth`].
    pub tag: u16,
    /// What to do.
    pub operation: Operation,
    /// The first sector of the disk.
    pub lba: u64,
    /// The number of sectors; 0 for a flush.
    pub sectors: u32,
    /// The device address of the buffer; 0 when there is none. Inside of a pool that was mapped
    /// by [`Backend::map_pool`] and is not unmapped before the request is completed.
    pub address: DeviceAddress,
}

/// What became of a request that was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// The device has it, or will after [`Backend::kick`].
    Accepted,
    /// The device's queue is full: the request is submitted again after a completion.
    Full,
    /// It fails.
    Refused(BlockError),
}

/// A request that a device has completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completed {
    /// Its name.
    pub tag: u16,
    /// How it ended.
    pub result: Result<(), BlockError>,
}

/// A disk, as a driver shows it to [`BlockServer`](crate). The server calls it from one thread, and
/// has checked everything that comes from clients: operation, range, rights, buffer.
///
/// **Trust.** The backend reads what the device wrote. It need not know which tags are in
/// flight: a completion of a tag that is not ends the driver, and its next life resets the device.
pub trait Backend {
    /// What the disk is. Does not change while the driver lives.
    fn identity(&self) -> Identity;

    /// Makes all pages of a client's pool reachable for the device, to be read and written, at one
    /// run of device addresses. Returns the address of the first byte.
    ///
    /// # Errors
    /// [`BlockError::BadPool`] when there is no such run, [`BlockError::TooMany`] when there is no
    /// room for another pool; then nothing is mapped.
    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, BlockError>;

    /// Takes a pool from the device. No request with a buffer in it is in flight.
    fn unmap_pool(&mut self, pool: DeviceAddress, pages: u64);

    /// Gives a request to the device. The device may be told of it only by [`Backend::kick`].
    fn submit(&mut self, request: &DeviceRequest) -> Submitted;

    /// Tells the device of all that was submitted since the last time: its doorbell.
    fn kick(&mut self);

    /// The next request that the device has completed. Called until there is none, after each
    /// interrupt; the backend acknowledges the interrupt before it looks.
    fn complete(&mut self) -> Option<Completed>;
}
