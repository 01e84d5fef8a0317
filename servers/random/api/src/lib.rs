//! The interface of `random`: random bytes fit for keys.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;

/// The most bytes of a call.
pub const BYTES_MAX: u16 = 1024;

/// Why there are no bytes.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandomError {
    /// None, or more than [`BYTES_MAX`].
    BadCount,
    /// No source has given a seed yet. It is tried again each second.
    NotSeeded,
}

impl core::fmt::Display for RandomError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::BadCount => "1 to 1024 bytes",
            Self::NotSeeded => "no source of randomness has given a seed yet",
        })
    }
}

/// Where the seeds came from.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Seeds from the entropy device.
    pub device: u64,
    /// Seeds from the CPU.
    pub cpu: u64,
}

/// Random bytes.
#[service::interface(version = 1)]
pub trait Random {
    /// This number of bytes. No bytes are given twice.
    #[idempotent]
    fn bytes(&mut self, count: u16) -> Result<Vec<u8>, RandomError>;

    /// Where the seeds came from so far.
    #[idempotent]
    fn status(&mut self) -> Result<Status, RandomError>;
}
