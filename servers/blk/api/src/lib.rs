//! The interface of `blk`: disks, their partitions, and the way to them.
//!
//! ```ignore
//! let blk = BlkClient::connect(env.names())?;
//! let mut disk = BlockClient::attach(BlkDoor::new(blk, "blk0p1"), 64, 32)?;
//! disk.read(0, &mut sector)?;
//! ```
//!
//! **Shape.** Disks are `blk0`, `blk1` …, in the order of `blk`'s drivers; `blk0p1` is the first
//! partition of the first. `blk` hands a client through to the driver for its part of the disk
//! and takes no part in the transfer of data. After a death of the driver, or of `blk`, the client
//! comes again.
//!
//! **Rights.** The arguments of `blk` in the manifest say which client may have which disk, and
//! whether it may write: see the server.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use block::{Attached, Bits, BlockError, Door, SECTOR_BYTES, failed};
use core::fmt;
use sys::{Memory, Notification};

/// The time-out of one try to attach: longer than `blk` waits for a driver.
const ATTACH_NS: u64 = 5_000_000_000;

/// A disk or a partition.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its name: `blk0`, `blk0p1`.
    pub name: String,
    /// The service that drives it.
    pub driver: String,
    /// What the device says it is, or the partition's label.
    pub label: String,
    /// Its size, in sectors of 512 bytes.
    pub sectors: u64,
    /// Its first sector on the disk.
    pub first: u64,
    /// What the asking client may do: `"read, write"`, `"read"` or `"nothing"`.
    pub access: String,
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, driver, label, sectors, access, .. } = self;
        let kib = sectors / (1024 / u64::from(SECTOR_BYTES));
        let (size, unit) = match kib {
            ..1024 => (kib, "KiB"),
            1024.. => (kib / 1024, "MiB"),
        };
        write!(f, "{name:<8}{size:>8} {unit}  {driver:<12}{access:<13}{label}")
    }
}

/// Disks and the way to them.
#[service::interface(version = 2)]
pub trait Blk {
    /// All disks and partitions.
    #[idempotent]
    fn disks(&mut self) -> Result<Vec<Disk>, BlockError>;

    /// The same as a text, a line for each: name, size, driver, rights, label.
    #[idempotent]
    fn identity(&mut self) -> Result<String, BlockError>;

    /// Attaches the caller to a disk or partition: as for the driver's own `attach`, with the part
    /// of the disk and the rights that `blk` decides.
    #[returns_handle]
    #[idempotent]
    fn attach(
        &mut self,
        #[handle(copy, READ | WRITE | TRANSFER)] pool: Memory,
        #[handle(copy, SIGNAL | TRANSFER)] bell: Notification,
        name: String,
        units: u16,
        bits: Bits,
    ) -> Result<(queue::Offer, Attached), BlockError>;
}

/// The way to a disk or partition through `blk`.
#[derive(Debug)]
pub struct BlkDoor {
    blk: BlkClient,
    name: String,
}

impl BlkDoor {
    /// To the disk or partition with this name.
    #[must_use]
    pub fn new(blk: BlkClient, name: &str) -> Self {
        Self { blk, name: name.to_string() }
    }
}

impl Door for BlkDoor {
    fn attach(
        &self,
        pool: &Memory,
        bell: &Notification,
        bits: Bits,
        units: u16,
    ) -> Result<(queue::Offer, Attached), BlockError> {
        let blk = self.blk.within(ATTACH_NS);
        blk.attach(pool, bell, self.name.as_str(), units, bits).map_err(failed)
    }
}
