//! A page of device registers.

use super::super::index;

/// 32-bit registers, mapped uncached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registers(u64);

impl Registers {
    /// # Safety
    /// The address is that of a mapped page of device registers, for good, and reading or
    /// writing them at offsets of the device's manual does no harm to memory.
    pub(crate) unsafe fn new(address: u64) -> Self {
        Self(address)
    }

    fn place(self, offset: u16) -> *mut u32 {
        core::ptr::with_exposed_provenance_mut(index(self.0 + u64::from(offset)))
    }

    /// Reads one.
    pub(crate) fn read(self, offset: u16) -> u32 {
        // SAFETY: the promise of `new`; offsets are inside the page.
        unsafe { self.place(offset).read_volatile() }
    }

    /// Writes one.
    pub(crate) fn write(self, offset: u16, value: u32) {
        // SAFETY: as for `read`.
        unsafe { self.place(offset).write_volatile(value) }
    }
}
