//! The pci server: owns configuration space and gives devices to drivers.
//!
//! **Shape.** [`scan`] reads configuration space once: functions, their BARs, capabilities. [`bind`]
//! gives functions to the drivers that init names. A [`device`] is what a driver has, from one
//! session to the next, with its [`vectors`] and [`windows`]; [`reset`] is what comes between.
//! [`server`] is the two interfaces over all of it, [`access`] and [`kernel`] are the machine;
//! tests put a fake one in their place ([`config::ConfigSpace`], [`platform::Platform`]).
//!
//! **Trust.** All bytes of configuration space are a device's allegations: lists may have circles,
//! BARs any size and address, a table may lie outside of its BAR. What makes no sense is not given
//! out. A driver is not trusted with configuration space, the MSI-X table, or a BAR that the
//! manifest does not name.
//!
//! **Own parser.** The crate `pci_types` knows these structures, too, but its accesses are unsafe
//! functions, which this crate forbids, and its list of capabilities follows a circle for ever.
//!
//! **Restart.** The server keeps nothing: the next life scans again. Drivers depend on it and are
//! ended by init before it runs, and it begins by stopping and resetting their devices.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod access;
pub mod bars;
pub mod bind;
pub mod capabilities;
pub mod config;
pub mod device;
pub mod function;
pub mod kernel;
pub mod platform;
mod report;
pub mod reset;
mod run;
pub mod scan;
pub mod server;
pub mod vectors;
pub mod windows;

pub use run::run;

#[cfg(test)]
mod tests;
