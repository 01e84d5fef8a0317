//! A transport for virtio devices on PCI, for a driver that has no configuration space.
//!
//! **Shape.** [`Areas`] are the places of a device's structures in registers that `pci` gave out;
//! [`PosternTransport`] is what `virtio-drivers` wants, over them. [`negotiate`] agrees on features;
//! then the driver makes its queues ([`dma::Ring`](../dma/struct.Ring.html)) and calls
//! [`PosternTransport::ready`].
//!
//! **Differences** from the transport of `virtio-drivers` 0.13: it acknowledges ACCESS_PLATFORM, it
//! reads FEATURES_OK back, each queue interrupts by MSI-X, and a doorbell is one store: where it is
//! was read when the queue was made.
//!
//! **Trust.** What the registers say is the device's allegation. A place beyond the registers that
//! were given is an error, not an access.
//!
//! Source: virtio 1.2, sections 2.1, 3.1 and 4.1.4.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod areas;
mod error;
mod features;
mod registers;
mod transport;

pub use areas::{Area, Areas};
pub use error::VirtioError;
pub use features::{Features, negotiate};
pub use transport::PosternTransport;
