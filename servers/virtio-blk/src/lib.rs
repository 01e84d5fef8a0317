//! The driver of virtio block devices: a [`Backend`](block::Backend) over one queue.
//!
//! **Shape.** A request is up to three descriptors: the header, the client's buffer where the
//! device finds it, the status. Headers and status bytes are in *slots* of the pool, one for each
//! tag. `block` has checked range, rights and buffer before.
//!
//! **Interrupts** are off while completions are taken, and on when there are none left.
//!
//! **Trust.** A status byte holds a value that no device says until the device has written it. A device
//! that completes a request without that, or completes what it does not have, ends the driver by a
//! panic: its next life resets the device, and the clients make their requests again. What a device
//! reads or writes instead of the sectors that it was asked for, nothing here can see.
//!
//! Source: virtio 1.2, section 5.2.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod config;
mod disk;
mod request;
#[cfg(test)]
mod tests;

pub use disk::Disk;
