//! The driver of virtio entropy devices: one request at a time, calls in their order.
//!
//! **Trust.** The device gives bytes of which nothing is known; `random` mixes them with others.
//! It gives fewer than were asked for as it likes. A device that does not answer, or says what
//! cannot be, ends the driver: its next life begins with a device that was reset.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod device;
mod server;
#[cfg(test)]
mod tests;

pub use device::Device;
pub use server::{INTERRUPT, Source, TICK, serve};
