//! The interface of `pci`: which functions there are, and the device of a driver.
//!
//! A driver is a server whose section of the manifest has `device`. It gets exactly what that
//! names: pages of BARs, interrupt vectors, an IoSpace. Configuration space and the MSI-X table
//! stay with `pci`.
//!
//! ```no_run
//! # fn main() -> Result<(), sys::Failure> {
//! # let names = sys::Endpoint::create()?;
//! # let bell = sys::Notification::create()?;
//! // In a driver `names` is `env.names()`.
//! let opened = pci_api::open(&names)?;
//! let place = opened.info.place(0, 0x10, 4).ok_or("no register at 0x10 of BAR 0")?;
//! let memory = opened.device.window(0, place.window)?;
//! let irq = opened.device.vector(0, &bell, 1)?;
//! // Set up the device, then let it do DMA.
//! opened.device.bus_master(true)?;
//! # drop((memory, irq, place.offset));
//! # Ok(())
//! # }
//! ```
//!
//! **Order.** The end of the session, also by the driver's death, turns bus mastering off first,
//! masks the vectors, resets the device, and only then gives the frames of its IoSpace back. The
//! next [`open`] waits for all that.
//!
//! **Trust.** `pci` checks everything that a device says of itself in configuration space. What
//! it reads from its own registers is for the driver to check.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod function;
mod info;
mod open;
#[cfg(feature = "virtio")]
mod virtio;

pub use error::PciError;
pub use function::{BarKind, BarSummary, DriverInfo, DriverState, FunctionInfo};
pub use info::{
    Bar, Capability, Class, DeviceInfo, Id, Place, Slot, VirtioCapability, VirtioKind, Window,
};
pub use open::{Opened, open};

use alloc::vec::Vec;

/// Lists functions and opens devices.
#[service::interface(version = 1, max_message = 32768)]
pub trait Pci {
    /// All functions, in the order of their slots.
    #[idempotent]
    fn functions(&mut self) -> Result<Vec<FunctionInfo>, PciError>;

    /// Waits until the caller's device can be opened: its last driver's session is over, and it
    /// was reset since.
    #[deferred]
    #[idempotent]
    fn ready(&mut self) -> Result<(), PciError>;

    /// Opens the caller's device. Bus mastering is off, no vector is in use.
    #[opens(Device)]
    fn open(&mut self) -> Result<DeviceInfo, PciError>;
}

/// A device, as its driver has it.
#[service::interface(version = 1, session)]
pub trait Device {
    /// What the driver was told when it opened the device.
    #[idempotent]
    fn info(&mut self) -> Result<DeviceInfo, PciError>;

    /// The pages of a window of a BAR, by the place in [`Bar::windows`].
    #[idempotent]
    #[returns_handle]
    fn window(&mut self, bar: u8, window: u8) -> Result<sys::Memory, PciError>;

    /// The IoSpace of the device: to map memory for DMA and to unmap it. It ends with the session.
    #[idempotent]
    #[returns_handle]
    fn io_space(&mut self) -> Result<sys::IoSpace, PciError>;

    /// An interrupt vector that sets bits of a notification, unmasked. A vector that is in use is
    /// replaced.
    #[returns_handle]
    fn vector(
        &mut self,
        number: u16,
        #[handle(copy, SIGNAL | TRANSFER)] notification: sys::Notification,
        bits: u64,
    ) -> Result<sys::Irq, PciError>;

    /// Lets the device do DMA, or stops it.
    #[idempotent]
    fn bus_master(&mut self, on: bool) -> Result<(), PciError>;

    /// Stops DMA and resets the device. Its vectors and its IoSpace stay.
    #[deferred]
    #[idempotent]
    fn reset(&mut self) -> Result<(), PciError>;
}
