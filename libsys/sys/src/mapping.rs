//! Memory that is mapped here, in three grades of trust.
//!
//! | type | what else can change it | access |
//! |---|---|---|
//! | [`Mapping`] | each process with the memory object | copies and atomics ([`Shared`]) |
//! | [`Pages`](crate::Pages) | nothing: made here, never given away | slices |
//! | [`Constant`](crate::Constant) | nothing: promised by the program's starter | a slice, read only |

use crate::space::{map_own, unmap_own};
use crate::{Error, PAGE_SIZE, Protection, Shared};
use abi::Handle;

/// A memory object, or a part of it, mapped into this process; unmapped on drop.
#[derive(Debug)]
#[must_use = "dropping it unmaps"]
pub struct Mapping {
    address: u64,
    pages: u64,
    protection: Protection,
}

impl Mapping {
    pub(crate) fn new(
        memory: Handle,
        first: u64,
        pages: u64,
        protection: Protection,
    ) -> Result<Self, Error> {
        let address = map_own(memory, first, pages, protection)?;
        Ok(Self { address, pages, protection })
    }

    /// Its size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.pages * PAGE_SIZE).unwrap_or(0)
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pages == 0
    }

    /// Access that stays sound while others change the same memory.
    #[must_use]
    pub fn shared(&self) -> Shared<'_> {
        // SAFETY: 1. the pages are mapped for at least reading as long as `self` lives,
        // and the result borrows it. 2. `writable` is what the mapping allows. 3. every
        // other way to these bytes in this process goes through `Shared` too, or is
        // exclusive by `&mut` of `Pages`.
        unsafe { Shared::new(self.pointer(), self.len(), self.protection.writable()) }
    }

    /// Copies bytes out.
    pub fn read_at(&self, offset: usize, into: &mut [u8]) -> Result<(), Error> {
        self.shared().read(offset, into)
    }

    /// Copies bytes in.
    pub fn write_at(&self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        self.shared().write(offset, bytes)
    }

    /// Where it is mapped, valid for its length while it lives. For code that promises on its own
    /// that no access races with those of others: a driver's memory that a device writes, too.
    #[must_use]
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.pointer()
    }

    pub(crate) fn address(&self) -> u64 {
        self.address
    }

    pub(crate) fn pointer(&self) -> *mut u8 {
        core::ptr::with_exposed_provenance_mut(usize::try_from(self.address).unwrap_or(0))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `map_own` mapped it, and all references into it borrowed `self`.
        unsafe { unmap_own(self.address, self.pages) };
    }
}
