//! A page of device registers.

use super::index;

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

    /// Inlined, so that the checks of constant offsets cost nothing.
    #[inline(always)]
    fn place(self, offset: u16) -> *mut u32 {
        let inside = u64::from(offset) < abi::PAGE_SIZE && offset.is_multiple_of(4);
        assert!(inside, "no register of the page");
        core::ptr::with_exposed_provenance_mut(index(self.0 + u64::from(offset)))
    }

    /// Reads one.
    #[inline(always)]
    pub(crate) fn read(self, offset: u16) -> u32 {
        // SAFETY: the promise of `new`; `place` is inside the page and aligned.
        unsafe { self.place(offset).read_volatile() }
    }

    /// Writes one.
    #[inline(always)]
    pub(crate) fn write(self, offset: u16, value: u32) {
        // SAFETY: as for `read`.
        unsafe { self.place(offset).write_volatile(value) }
    }
}
