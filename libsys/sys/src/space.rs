//! Mappings in this process's own space, at addresses that it chooses.

#[cfg(any(target_os = "none", test))]
mod addresses;
#[cfg(not(target_os = "none"))]
mod hosted;
#[cfg(target_os = "none")]
mod native;

#[cfg(not(target_os = "none"))]
use hosted as backend;
#[cfg(target_os = "none")]
use native as backend;

use crate::Error;
use abi::{Handle, Protection};

/// Maps pages of a memory object into this process: the address.
pub(crate) fn map_own(
    memory: Handle,
    first: u64,
    pages: u64,
    protection: Protection,
) -> Result<u64, Error> {
    backend::map_own(memory, first, pages, protection)
}

/// Unmaps.
///
/// # Safety
/// [`map_own`] mapped these pages, and no reference to them is alive.
pub(crate) unsafe fn unmap_own(address: u64, pages: u64) {
    // SAFETY: the caller's duty is the same.
    unsafe { backend::unmap_own(address, pages) };
}

/// Maps at this address, among the mappings, for reading and for good.
#[cfg(target_os = "none")]
pub(crate) fn show_at(memory: Handle, address: u64, pages: u64) -> Result<(), Error> {
    backend::show_at(memory, address, pages)
}
