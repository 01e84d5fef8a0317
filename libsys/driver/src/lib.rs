//! What drivers with rings, and their clients, have in common: disks ([`block`]) and network cards
//! ([`nic`]).
//!
//! **Shape.** A client attaches with a pool of memory and a bell; two rings of sealed records
//! ([`fold`]) go between it and the driver. A record names its request by an id ([`next_use`]) and
//! its attachment by an epoch ([`first_epoch`]). [`Bits`] are those of a client's bell; a driver's
//! executor has [`INTERRUPT`], [`NEWS`], [`END`] and [`TICK`]. A [`Watchdog`] notices a device that
//! does not answer.
//!
//! [`block`]: ../block/index.html
//! [`nic`]: ../nic/index.html
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod bits;
mod record;
mod watchdog;

pub use bits::{Bits, END, INTERRUPT, NEWS, TICK};
pub use record::{first_epoch, fold, next_use, place_of};
pub use watchdog::{TICKS, Watchdog};

use service::CallError;

/// The time-out of one try of a client to attach.
pub const ATTACH_NS: u64 = 2_000_000_000;

/// What a failed call of a driver means, in the error of its service.
pub fn failed<E>(error: CallError<E>, not_allowed: E, no_driver: E) -> E {
    match error {
        CallError::Service(error) => error,
        CallError::Refused => not_allowed,
        _ => no_driver,
    }
}
