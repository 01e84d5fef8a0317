//! The interface of `virtio-rng`: random bytes as the device gives them.
//!
//! For `random`, which seeds its generator with them; programs ask `random`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;

/// The most bytes of a call.
pub const BYTES_MAX: u16 = 256;

/// Why there are no bytes.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntropyError {
    /// None, or more than [`BYTES_MAX`].
    BadCount,
    /// Too many calls wait.
    Busy,
    /// The device has no more for now.
    Empty,
}

impl core::fmt::Display for EntropyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::BadCount => "1 to 256 bytes",
            Self::Busy => "too many calls wait",
            Self::Empty => "the device has no more for now",
        })
    }
}

/// Bytes of the device.
#[service::interface(version = 1, name = "virtio-rng")]
pub trait Entropy {
    /// This number of bytes, as soon as the device has given them.
    #[deferred]
    #[idempotent]
    fn bytes(&mut self, count: u16) -> Result<Vec<u8>, EntropyError>;
}
