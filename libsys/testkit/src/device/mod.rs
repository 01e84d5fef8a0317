//! Fake devices: what a driver finds on a machine, without one.
//!
//! **Shape.** A [`Bus`] is the memory that a device reaches; it takes the place of a driver's
//! `IoSpace`. [`Virtio`] is a virtio device with a [`Model`] of what it does ([`Disk`],
//! [`Entropy`]); it takes the place of its registers. [`Nvme`] is an NVMe controller over memory
//! that a driver maps as its BAR. They share no code with the drivers, and follow the standards.
//!
//! **When it works.** A [`Virtio`] works at each doorbell, in the driver's thread, so that a test
//! has one order of events; [`Virtio::hold`] puts its completions off. An [`Nvme`] works when the
//! test says [`Nvme::step`].
//!
//! **Errors.** What a driver does against the standard, or a DMA beyond what is mapped, is kept
//! ([`Virtio::violations`], [`Bus::faults`]); a test looks at them at its end.

mod bus;
mod nvme;
mod virtio;

pub use bus::Bus;
pub use nvme::{Nvme, NvmeMischief};
pub use virtio::{Card, Chain, Disk, Entropy, Mischief, Model, Setup, Virtio};
