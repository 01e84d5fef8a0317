//! Registers for crates that want an address.

use crate::state::{self, State};
use alloc::boxed::Box;
use mmio_api::{MapError, MmioAddr, MmioOp, MmioRaw};
use spin::Once;
use sys::{Error, Mapping};

/// Gives out parts of the registers of this process, at the addresses where they are mapped.
struct Mapped;

impl MmioOp for Mapped {
    fn ioremap(&self, address: MmioAddr, size: usize) -> Result<MmioRaw, MapError> {
        let pointer = state::with(|state| state.registers(address.as_usize(), size));
        let pointer = pointer.ok_or(MapError::Invalid)?;
        // SAFETY: `register_window` left these bytes mapped for good.
        Ok(unsafe { MmioRaw::new(address, pointer, size) })
    }

    fn iounmap(&self, _: &MmioRaw) {}
}

static INITIALIZED: Once = Once::new();

/// Registers as crates on `mmio-api` open them: address, number of bytes, and what maps them.
/// They stay mapped as long as the process lives. Such a crate is trusted with the bounds.
///
/// # Errors
/// `BadState` when the process has registers: addresses in the first ones may be in use.
pub fn register_window(
    registers: Mapping,
) -> Result<(MmioAddr, usize, &'static dyn MmioOp), Error> {
    state::with(State::claim_registers)?;
    let registers = Box::leak(Box::new(registers));
    let (start, bytes) = (registers.as_mut_ptr().expose_provenance(), registers.len());
    state::with(|state| state.set_registers(start, bytes));
    // Once, before a driver's crate does it: of two threads in `init`, the second may return before
    // the first has stored its argument.
    INITIALIZED.call_once(|| mmio_api::init(&Mapped));
    Ok((MmioAddr::from(start), bytes, &Mapped))
}

#[cfg(test)]
mod tests {
    use super::register_window;
    use mmio_api::MmioAddr;
    use sys::{Error, Memory, Protection};

    #[test]
    fn nothing_outside_of_the_registers_is_given_out() {
        let memory = Memory::create(1).unwrap();
        let map = || memory.map_own(Protection::ReadWrite).unwrap();
        let (start, bytes, op) = register_window(map()).unwrap();
        let at = |offset: isize| MmioAddr::from(start.as_usize().wrapping_add_signed(offset));
        assert!(op.ioremap(at(0), bytes).is_ok() && op.ioremap(at(8), bytes - 8).is_ok());
        for (offset, size) in [(0, bytes + 1), (8, bytes), (-1, 1), (8, usize::MAX)] {
            assert!(op.ioremap(at(offset), size).is_err(), "{offset}, {size}");
        }
        assert!(op.ioremap(MmioAddr::from(0x1000_usize), 1).is_err());
        assert_eq!(register_window(map()).err(), Some(Error::BadState));
        assert!(op.ioremap(at(0), bytes).is_ok(), "the first registers stay");
    }
}
