//! The driver of virtio network cards: a [`Backend`](nic::Backend) over two queues.
//!
//! **Shape.** A frame is two descriptors: virtio's header, and the client's slot where the device
//! finds it. No offloads are agreed on, so headers say nothing: all frames to be transmitted have
//! one header of zeros, and all received ones share one that nothing reads.
//!
//! **Interrupts** are off while frames are taken, and on when there are none left. Those for
//! transmitted frames are on only while many are in flight: their slots come back with whatever
//! wakes the driver next.
//!
//! **Trust.** A device that gives back a frame which it does not have, or says that it wrote more
//! than there was room for, or less than a header, ends the driver by a panic: its next life resets
//! the device. What a device puts into a frame is for `net` to check.
//!
//! Source: virtio 1.2, section 5.1.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod card;
mod config;
#[cfg(test)]
mod tests;

pub use card::Card;
