//! Registers for crates that want an address.

use alloc::boxed::Box;
use core::ptr::NonNull;
use mmio_api::{MapError, MmioAddr, MmioOp, MmioRaw};
use sys::Mapping;

/// Gives out windows whose address is the one that is asked for.
struct Mapped;

impl MmioOp for Mapped {
    fn ioremap(&self, address: MmioAddr, size: usize) -> Result<MmioRaw, MapError> {
        let pointer = core::ptr::with_exposed_provenance_mut(address.as_usize());
        let pointer = NonNull::new(pointer).ok_or(MapError::Invalid)?;
        // SAFETY: `register_window` gave out the address, of registers that stay mapped.
        Ok(unsafe { MmioRaw::new(address, pointer, size) })
    }

    fn iounmap(&self, _: &MmioRaw) {}
}

/// Registers as crates on `mmio-api` open them: address, number of bytes, and what maps them.
/// They stay mapped as long as the process lives. Such a crate is trusted with the bounds.
pub fn register_window(registers: Mapping) -> (MmioAddr, usize, &'static dyn MmioOp) {
    let registers = Box::leak(Box::new(registers));
    let start = registers.as_mut_ptr().expose_provenance();
    (MmioAddr::from(start), registers.len(), &Mapped)
}
