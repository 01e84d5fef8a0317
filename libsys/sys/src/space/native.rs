//! Mappings on the bare machine.

use super::addresses::Addresses;
use crate::lock::Lock;
use crate::raw::{argument, with_memory};
use crate::{Error, PAGE_SIZE};
use abi::{Handle, MAP_BASE, Protection, STACKS_BASE, Syscall};

/// Addresses for mappings; the thread stacks follow above them.
static MAPPINGS: Lock<Addresses> = Lock::new(Addresses::new(MAP_BASE, STACKS_BASE));

/// Maps into this process, with a page that is never mapped behind it.
pub(super) fn map_own(
    memory: Handle,
    first: u64,
    pages: u64,
    protection: Protection,
) -> Result<u64, Error> {
    let with_guard = pages.checked_add(1).ok_or(Error::BadArgument)?;
    let address = MAPPINGS.lock().take(with_guard).ok_or(Error::OutOfMemory)?;
    let arguments = [0, argument(memory), address, first, pages, protection as u64];
    // SAFETY: the addresses are free: `Addresses` gives each range once, and nothing else
    // in this process maps between its bounds.
    match unsafe { with_memory(Syscall::Map, arguments) } {
        Ok(_) => Ok(address),
        Err(error) => {
            MAPPINGS.lock().give(address, with_guard);
            Err(error)
        }
    }
}

/// Maps at this address, for reading.
pub(super) fn show_at(memory: Handle, address: u64, pages: u64) -> Result<(), Error> {
    let bytes = pages.checked_mul(PAGE_SIZE).ok_or(Error::BadArgument)?;
    let end = address.checked_add(bytes).ok_or(Error::BadAddress)?;
    if address < MAP_BASE || end > STACKS_BASE {
        return Err(Error::BadAddress);
    }
    let arguments = [0, argument(memory), address, 0, pages, Protection::Read as u64];
    // SAFETY: 1. the kernel refuses a range in which something is mapped, and no guard page lies
    // here: those are above. 2. a later mapping that `Addresses` places here fails in the same way.
    unsafe { with_memory(Syscall::Map, arguments) }.map(|_| ())
}

/// Unmaps.
///
/// # Safety
/// See [`super::unmap_own`].
pub(super) unsafe fn unmap_own(address: u64, pages: u64) {
    // SAFETY: the caller gives up the range, to which no reference is alive.
    if unsafe { with_memory(Syscall::Unmap, [0, address, pages, 0, 0, 0]) }.is_ok() {
        MAPPINGS.lock().give(address, pages + 1);
    }
}
