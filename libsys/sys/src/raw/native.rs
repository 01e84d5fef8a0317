//! System calls of the bare machine, and this process's addresses for mappings.

#[cfg(target_arch = "x86")]
mod x86;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(all(target_arch = "x86", feature = "hazard"))]
pub use x86::Way;
#[cfg(all(target_arch = "x86", feature = "hazard"))]
pub(crate) use x86::{enter_by, way};
#[cfg(target_arch = "x86")]
pub(crate) use x86::{message, plain};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{message, plain};

use crate::Error;
use crate::address::Addresses;
use crate::lock::Lock;
use abi::{Handle, MAP_BASE, Protection, STACKS_BASE, Syscall};

/// Addresses for mappings; the thread stacks follow above them.
static MAPPINGS: Lock<Addresses> = Lock::new(Addresses::new(MAP_BASE, STACKS_BASE));

/// Maps into this process, with a page that is never mapped behind it.
pub(crate) fn map_own(
    memory: Handle,
    first: u64,
    pages: u64,
    protection: Protection,
) -> Result<u64, Error> {
    let with_guard = pages.checked_add(1).ok_or(Error::BadArgument)?;
    let address = MAPPINGS.lock().take(with_guard).ok_or(Error::OutOfMemory)?;
    let arguments = [0, super::argument(memory), address, first, pages, protection as u64];
    // SAFETY: the addresses are free: `Addresses` gives each range once, and nothing else
    // in this process maps between its bounds.
    match unsafe { plain(Syscall::Map, arguments) } {
        Ok(_) => Ok(address),
        Err(error) => {
            MAPPINGS.lock().give(address, with_guard);
            Err(error)
        }
    }
}

/// Unmaps what [`map_own`] mapped.
pub(crate) fn unmap_own(address: u64, pages: u64) {
    // SAFETY: the caller gives up the range, and with it every reference into it.
    if unsafe { plain(Syscall::Unmap, [0, address, pages, 0, 0, 0]) }.is_ok() {
        MAPPINGS.lock().give(address, pages + 1);
    }
}
