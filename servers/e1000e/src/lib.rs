//! The driver of Intel's 82574L (e1000e), but for the machine: a card without any virtio in it.
//!
//! **Shape.** Two rings of legacy descriptors, one for each direction, in a page that the device
//! reaches; a descriptor points into the pool of the client, `net`. One MSI-X vector for both.
//!
//! **Why no crate.** `eth-intel` drives the older e1000, whose only interrupt is a line; it wants
//! buffers of its own, so each frame would be copied, and it has no MSI-X.
//!
//! **Trust.** A descriptor's place in the ring says which slot it is; what the device writes is its
//! length and its flags alone, and a length that cannot be is a failed frame.
//!
//! Source: Intel 82574 GbE Controller Family Datasheet 3.4, sections 7.1, 7.2 and 10.2.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod card;
mod registers;
mod ring;
#[cfg(test)]
mod tests;

pub use card::Card;
