//! The driver of NVMe controllers: a [`Backend`](block::Backend) over the crate `nvme-driver`.
//!
//! **Shape.** [`Starting`] brings the controller up, step by step; then a [`Disk`] has its first
//! namespace, one queue pair of 32 commands, and interrupts by vector 0 for both queues.
//!
//! **Units.** Sectors have 512 bytes; blocks are the namespace's, 512 bytes or more.
//!
//! **Trust.** `nvme-driver` refuses completions of commands that are not in flight; that ends the
//! driver by a panic, and so does an arithmetic overflow in what the controller says of itself. The
//! doorbells' distance, by which the crate computes addresses, is checked before.
//!
//! Source: NVM Express 1.4.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod disk;
mod start;
#[cfg(test)]
mod tests;

pub use disk::Disk;
pub use start::{POOL_PAGES, REGISTER_PAGES, Starting, Step};
