//! Frames of a network card: one interface for all drivers and their one client, `net`.
//!
//! **Shape.** A driver implements [`Backend`]; the client attaches with a *pool* of its own memory,
//! divided into slots of [`FRAME_BYTES`] bytes. The two share two rings of fixed records:
//! [`Request`]s give slots to the driver, to be filled with a received frame or to be transmitted;
//! [`Completion`]s give them back. Data moves between the pool and the device; neither the driver
//! nor a ring touches it, and the driver does not map the pool.
//!
//! **Units.** A slot belongs to the client, the driver or the device, to one at a time. Their number
//! is agreed when the client attaches ([`Attached`]), so a full ring is impossible for a client
//! that keeps to it, and a client without a free slot waits: back pressure, never loss in between.
//! Frames are Ethernet frames without their check sequence.
//!
//! **Trust.** What stands in a ring is an allegation: the driver checks slot, length, epoch and
//! seal; the client checks the same in completions. What a device says is one too.
//!
//! **Death.** When a driver dies, the client attaches to its next life and gives it all slots
//! for received frames again. Frames to be transmitted that were not completed are lost, as on a
//! wire; the protocols above send again. An *epoch* tells the records of one life from another.
//! When the client dies, the driver ends too: only a reset takes the slots back from a device
//! that waits for frames, and a reset is how the next life of the driver begins.
//!
//! **For a driver.** `nic::serve(&executor, endpoint, backend)` is its main loop; the device's
//! interrupt sets the bit [`INTERRUPT`] of the executor's notification ([`Executor::on`]).
//! [`LoopCard`] is the smallest backend.
//!
//! [`Executor::on`]: executor::Executor::on
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod backend;
mod client;
mod error;
mod interface;
mod looped;
mod server;
mod wire;

pub use backend::{Backend, Completed, DeviceFrame, Submitted};
pub use client::{Door, DriverDoor, FrameCounts, Frames, NicClient};
pub use driver::{Bits, INTERRUPT};
pub use error::NicError;
pub use interface::{Attached, Link, NicDriver, NicDriverClient, Terms};
pub use looped::LoopCard;
pub use server::{ClientEnded, NicServer, serve};
pub use wire::{Completion, Operation, Request};

/// Bytes of a slot: the largest frame that fits.
pub const FRAME_BYTES: u32 = 2048;

/// Bytes of an Ethernet header: the smallest frame.
pub const HEADER_BYTES: u16 = 14;
