//! The common configuration, by offsets. Source: virtio 1.2, section 4.1.4.3.

/// Which 32 device features `DEVICE_FEATURE` shows; 32 bits.
pub(crate) const DEVICE_FEATURE_SELECT: usize = 0x00;
/// 32 features that the device offers.
pub(crate) const DEVICE_FEATURE: usize = 0x04;
/// Which 32 driver features `DRIVER_FEATURE` takes; 32 bits.
pub(crate) const DRIVER_FEATURE_SELECT: usize = 0x08;
/// 32 features that the driver accepts.
pub(crate) const DRIVER_FEATURE: usize = 0x0c;
/// The vector of changes of the configuration; 16 bits.
pub(crate) const CONFIG_MSIX_VECTOR: usize = 0x10;
/// The status; 8 bits.
pub(crate) const DEVICE_STATUS: usize = 0x14;
/// Changes with the configuration; 8 bits.
pub(crate) const CONFIG_GENERATION: usize = 0x15;
/// Which queue the following registers are of; 16 bits.
pub(crate) const QUEUE_SELECT: usize = 0x16;
/// The most descriptors; the number of them; 16 bits.
pub(crate) const QUEUE_SIZE: usize = 0x18;
/// The vector of the queue; 16 bits.
pub(crate) const QUEUE_MSIX_VECTOR: usize = 0x1a;
/// Whether the queue works; 16 bits.
pub(crate) const QUEUE_ENABLE: usize = 0x1c;
/// Which doorbell is the queue's; 16 bits.
pub(crate) const QUEUE_NOTIFY_OFF: usize = 0x1e;
/// The descriptors; 64 bits.
pub(crate) const QUEUE_DESC: usize = 0x20;
/// What the driver writes; 64 bits.
pub(crate) const QUEUE_DRIVER: usize = 0x28;
/// What the device writes; 64 bits.
pub(crate) const QUEUE_DEVICE: usize = 0x30;

/// The vector that interrupts nothing, also the answer to a vector that there is not.
pub(crate) const NO_VECTOR: u16 = 0xffff;

/// The lower and the upper 32 bits.
pub(crate) fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}
