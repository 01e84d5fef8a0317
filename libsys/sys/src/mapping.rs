//! Memory that is mapped here, in three grades of trust.
//!
//! | type | who else can change it | access |
//! |---|---|---|
//! | [`Mapping`] | anyone with the memory object | copies and atomics ([`Shared`]) |
//! | [`Pages`] | nobody: made here, never given away | slices |
//! | [`Constant`] | nobody: told by who started this program | a slice, read only |

use crate::raw::map_own;
use crate::{Error, Memory, PAGE_SIZE, Process, Protection, Shared, raw};
use core::ops::{Deref, DerefMut};

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
        memory: &Memory,
        first: u64,
        pages: u64,
        protection: Protection,
    ) -> Result<Self, Error> {
        let address = map_own(memory.handle(), first, pages, protection)?;
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

    pub(crate) fn address(&self) -> u64 {
        self.address
    }

    fn pointer(&self) -> *mut u8 {
        core::ptr::with_exposed_provenance_mut(usize::try_from(self.address).unwrap_or(0))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        raw::unmap_own(self.address, self.pages);
    }
}

/// Fresh zeroed pages that belong to this process alone: plain memory.
#[derive(Debug)]
pub struct Pages {
    memory: Memory,
    mapping: Mapping,
}

impl Pages {
    /// So many pages of zeros.
    pub fn create(pages: u64) -> Result<Self, Error> {
        Self::over(Memory::create(pages)?, pages)
    }

    /// The same, charged to another process: to be filled here and mapped there.
    pub fn create_for(payer: &Process, pages: u64) -> Result<Self, Error> {
        Self::over(Memory::create_for(payer, pages)?, pages)
    }

    fn over(memory: Memory, pages: u64) -> Result<Self, Error> {
        let mapping = Mapping::new(&memory, 0, pages, Protection::ReadWrite)?;
        Ok(Self { memory, mapping })
    }

    /// For loans that end before a borrow of the pages does.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Ends the private use: unmaps them and hands out the memory object.
    pub fn into_memory(self) -> Memory {
        self.memory
    }
}

impl Deref for Pages {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: 1. mapped and initialised (zeros) while `self` lives. 2. the only handle
        // is in `self.memory`, which is private, so nobody else can map or change it, but who
        // is lent it by `Buffer`: to be read while it is borrowed, to be written while it is
        // exclusively borrowed.
        unsafe { core::slice::from_raw_parts(self.mapping.pointer(), self.mapping.len()) }
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `&mut self` makes it exclusive.
        unsafe { core::slice::from_raw_parts_mut(self.mapping.pointer(), self.mapping.len()) }
    }
}

/// Memory that nobody changes any more, such as the boot archive. Comes only out of the
/// startup block ([`crate::start::constant`]): the promise is its giver's, who loaded this
/// program's code as well.
#[derive(Debug)]
pub struct Constant(Mapping);

impl Constant {
    /// The handle must come from the startup block, where the promise was made.
    pub(crate) fn map(memory: &Memory) -> Result<Self, Error> {
        let (_, rights) = crate::handle::info(memory.handle())?;
        if rights.contains(crate::Rights::WRITE) {
            return Err(Error::BadState);
        }
        Mapping::new(memory, 0, memory.info()?.pages, Protection::Read).map(Self)
    }
}

impl Deref for Constant {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: 1. mapped for reading while `self` lives. 2. not writable through the
        // handle, and by the giver's promise through no other: whoever breaks it could
        // have changed this program's code just as well.
        unsafe { core::slice::from_raw_parts(self.0.pointer(), self.0.len()) }
    }
}
