//! The pci server: owns configuration space and gives devices to drivers.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

pub use pci_api::Slot;
