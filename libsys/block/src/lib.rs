//! Blocks of a disk: one interface for all drivers and all clients.
//!
//! **Shape.** A driver implements [`Backend`]; a client attaches to it (through the server `blk`,
//! which knows partitions and rights) with a *pool* of its own memory. The two share two rings of
//! fixed records: [`Request`]s go to the driver, [`Completion`]s come back. Data moves between the
//! pool and the device; neither the driver nor a ring touches it.
//!
//! **Units.** Sectors are [`SECTOR_BYTES`] bytes, whatever the device has. A client's sectors
//! count from the start of its [`Range`]; a backend's from the start of the disk. Offsets in a
//! pool are bytes and multiples of a sector. A client has a finite number of requests in flight
//! ([`Attached::units`]), agreed when it attaches; a full ring is back pressure, never loss.
//!
//! **Trust.** What stands in a ring is an allegation: the driver checks each request against the
//! client's range, rights, pool and epoch, and answers what is wrong with a [`BlockError`]. What a
//! device says is one too: see [`Backend`].
//!
//! **Death.** When a driver dies, its clients attach to its next life and make again what was not
//! completed: reads, writes of the same bytes, flushes and discards are idempotent. An *epoch*
//! tells the requests and completions of one life from those of another. A flush that was
//! answered holds; where a device lost writes that it had completed, the next flush says so
//! ([`BlockError::WritesLost`]).
//!
//! **For a driver.** `block::serve(&executor, endpoint, backend)` is its main loop; the device's
//! interrupt sets the bit [`INTERRUPT`] of the executor's notification ([`Executor::on`]).
//! [`RamDisk`] and [`NullDisk`] are the smallest backends.
//!
//! [`Executor::on`]: executor::Executor::on
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod backend;
mod client;
mod error;
mod identity;
mod null;
mod ram;
mod server;

mod interface;
mod wire;

pub use backend::{Backend, Completed, DeviceRequest, Submitted};
pub use client::{AsyncBlockClient, BlockClient, Door, DriverDoor, Pool, PoolPart, Ticket, failed};
pub use driver::{Bits, INTERRUPT};
pub use error::BlockError;
pub use identity::{Attached, Identity, Range};
pub use interface::{BlockDriver, BlockDriverClient, Terms};
pub use null::NullDisk;
pub use ram::RamDisk;
pub use server::{BlockServer, serve};
pub use wire::{Completion, Operation, Request};

/// Bytes of a sector, the unit of all addresses and lengths on a disk.
pub const SECTOR_BYTES: u32 = 512;
