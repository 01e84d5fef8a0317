//! How a device can fail to come up.

use core::fmt;

/// How a virtio device can fail before it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VirtioError {
    /// A structure is missing, or lies outside of the registers that were given.
    NoStructure,
    /// The device does not end its reset.
    NoReset,
    /// The device is older than virtio 1.0.
    Legacy,
    /// The device does not work with the features that it offered.
    FeaturesRefused,
    /// The device has no room for an interrupt vector.
    NoVector,
    /// The device gave up.
    NeedsReset,
}

impl fmt::Display for VirtioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoStructure => "a virtio structure is not in the registers that were given",
            Self::NoReset => "the device does not end its reset",
            Self::Legacy => "the device is older than virtio 1.0",
            Self::FeaturesRefused => "the device refuses the features that it offered",
            Self::NoVector => "the device refuses an interrupt vector",
            Self::NeedsReset => "the device gave up",
        })
    }
}

impl core::error::Error for VirtioError {}
