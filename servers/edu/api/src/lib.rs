//! What the driver of the teaching device offers.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use core::fmt;

/// The most bytes of an echo. The device has 4,096, and QEMU ends when a copy reaches the last.
pub const ECHO_MAX: usize = 4095;

/// Why the driver refuses.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EduError {
    /// More bytes than [`ECHO_MAX`], or none.
    BadLength,
}

impl fmt::Display for EduError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the device copies 1 to {ECHO_MAX} bytes")
    }
}

impl core::error::Error for EduError {}

/// QEMU's device `edu`.
#[service::interface(version = 1, max_message = 8192)]
pub trait Edu {
    /// The factorial of a number, modulo 2^32, which the device calculates.
    #[deferred]
    #[idempotent]
    fn factorial(&mut self, n: u32) -> Result<u32, EduError>;

    /// The same bytes, after the device has read them and written them back by DMA.
    #[deferred]
    #[idempotent]
    fn echo(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>, EduError>;
}
