//! What driver and device agree on.

use crate::{PosternTransport, VirtioError};
use bitflags::bitflags;
use sys::RegisterFile;
use virtio_drivers::transport::{DeviceStatus, Transport};

bitflags! {
    /// Features of all device types, and those of a type by number. Source: virtio 1.2, section 6.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Features: u64 {
        /// The device is of virtio 1.0 or later.
        const VERSION_1 = 1 << 32;
        /// The device's addresses are those that `IoMap` returns. The transport accepts it.
        const ACCESS_PLATFORM = 1 << 33;
        /// Those of the device type.
        const _ = 0x00ff_ffff;
    }
}

/// Resets the device and agrees on features: those of `wanted` that it offers, always with
/// [`Features::VERSION_1`].
///
/// # Errors
/// [`VirtioError::Legacy`], [`VirtioError::NoReset`], [`VirtioError::FeaturesRefused`].
pub fn negotiate<R: RegisterFile>(
    transport: &mut PosternTransport<R>,
    wanted: Features,
) -> Result<Features, VirtioError> {
    let agreed = transport.begin_init(wanted | Features::VERSION_1);
    transport.check()?;
    if !agreed.contains(Features::VERSION_1) {
        return Err(VirtioError::Legacy);
    }
    // The device says that it takes them by leaving the bit set.
    if !transport.get_status().contains(DeviceStatus::FEATURES_OK) {
        return Err(VirtioError::FeaturesRefused);
    }
    Ok(agreed)
}
