//! What `pci` refuses, and what decides about it.

use alloc::string::String;
use core::fmt;

/// Why `pci` refuses.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PciError {
    /// The caller's section of the manifest has no `device`.
    NoGrant,
    /// No function matches the grant.
    NoDevice {
        /// The grant: `1af4:1042`, `class 0108`, `slot 00:04.0`.
        device: String,
    },
    /// Each function that matches is another driver's.
    Owned {
        /// The grant.
        device: String,
        /// The driver.
        driver: String,
    },
    /// The device's last session is not over, or its reset: call `ready` first.
    NotReady,
    /// The driver has no such BAR or window.
    NoWindow {
        /// The BAR.
        bar: u8,
        /// The window.
        window: u8,
    },
    /// The driver has no such vector.
    NoVector {
        /// The vector.
        vector: u16,
        /// The number of vectors that it has.
        vectors: u16,
    },
    /// The grant has no DMA pages.
    NoDma,
    /// The device does not end its reset: it stays without DMA.
    ResetFailed,
    /// The kernel refused.
    Kernel {
        /// What was asked of it.
        what: String,
        /// What it said.
        why: String,
    },
}

impl fmt::Display for PciError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGrant => f.write_str("no device: `device` is not in the caller's section"),
            Self::NoDevice { device } => write!(f, "no device {device}: `lspci` lists them"),
            Self::Owned { device, driver } => {
                write!(f, "device {device} is driven by `{driver}`: give one of them another")
            }
            Self::NotReady => f.write_str("the device is not reset yet: wait for `ready`"),
            Self::NoWindow { bar, window } => {
                write!(f, "no window {window} of BAR {bar}: `bars` of `device` decides")
            }
            Self::NoVector { vector, vectors } => {
                write!(f, "no vector {vector} of {vectors}: `vectors` of `device` decides")
            }
            Self::NoDma => f.write_str("no DMA: `dma_pages` of `device` decides"),
            Self::ResetFailed => f.write_str("the device does not end its reset"),
            Self::Kernel { what, why } => write!(f, "{what}: {why}"),
        }
    }
}

impl core::error::Error for PciError {}
