//! Pages that are plain memory: slices instead of copies.

use crate::{Error, Mapping, Memory, PAGE_SIZE, Process, Protection};
use core::ops::{Deref, DerefMut};

/// Fresh zeroed pages that belong to this process alone: plain memory.
#[derive(Debug)]
pub struct Pages {
    memory: Memory,
    mapping: Mapping,
}

impl Pages {
    /// This number of pages, zeroed.
    pub fn create(pages: u64) -> Result<Self, Error> {
        Self::over(Memory::create(pages)?, pages)
    }

    /// The same, charged to another process: filled here and mapped there.
    pub fn create_for(payer: &Process, pages: u64) -> Result<Self, Error> {
        Self::over(Memory::create_for(payer, pages)?, pages)
    }

    /// Zeroed memory charged to another process, of which the first pages are filled here: these
    /// bytes, from this offset on.
    pub fn filled_for(
        payer: &Process,
        pages: u64,
        offset: usize,
        bytes: &[u8],
    ) -> Result<Memory, Error> {
        Self::fill(Memory::create_for(payer, pages)?, offset, bytes)
    }

    /// The same, charged to this process.
    pub fn filled(pages: u64, offset: usize, bytes: &[u8]) -> Result<Memory, Error> {
        Self::fill(Memory::create(pages)?, offset, bytes)
    }

    fn fill(memory: Memory, offset: usize, bytes: &[u8]) -> Result<Memory, Error> {
        let end = offset.checked_add(bytes.len()).ok_or(Error::BadArgument)?;
        let touched = (end as u64).div_ceil(PAGE_SIZE);
        if touched == 0 {
            return Ok(memory);
        }
        // More than the memory has is refused here.
        let mut pages = Self::over(memory, touched)?;
        pages.get_mut(offset..end).ok_or(Error::BadArgument)?.copy_from_slice(bytes);
        Ok(pages.into_memory())
    }

    fn over(memory: Memory, pages: u64) -> Result<Self, Error> {
        let mapping = Mapping::new(memory.handle(), 0, pages, Protection::ReadWrite)?;
        Ok(Self { memory, mapping })
    }

    /// For loans that end before a borrow of the pages does.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Shows them, as they are, at an address among the mappings that some other code expects them at:
    /// for reading and for good.
    ///
    /// # Errors
    /// [`Error::BadAddress`] outside of the range of mappings; [`Error::Overlap`] when something is
    /// there.
    #[cfg(target_os = "none")]
    pub fn show_at(self, address: u64) -> Result<(), Error> {
        let count = (self.len() as u64).div_ceil(crate::PAGE_SIZE);
        let memory = self.into_memory();
        crate::space::show_at(memory.handle(), address, count)
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
        // is in `self.memory`, which is private, so nothing else can map or change it, except
        // a borrower of `Buffer`: it reads while `self` is borrowed, and writes while `self` is
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

/// Memory that no longer changes, such as the boot archive. It comes only from the startup
/// block ([`crate::start::constant`]): the starter, which loaded this program's code as well,
/// promises that.
#[derive(Debug)]
pub struct Constant(Mapping);

impl Constant {
    /// The handle must come from the startup block, where the promise was made.
    pub(crate) fn map(memory: &Memory) -> Result<Self, Error> {
        let (_, rights) = crate::handle::info(memory.handle())?;
        if rights.contains(crate::Rights::WRITE) {
            return Err(Error::BadState);
        }
        Mapping::new(memory.handle(), 0, memory.info()?.pages, Protection::Read).map(Self)
    }
}

impl Deref for Constant {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: 1. mapped for reading while `self` lives. 2. not writable through the
        // handle, and by the starter's promise through no other: a starter that breaks it
        // could have changed this program's code just as well.
        unsafe { core::slice::from_raw_parts(self.0.pointer(), self.0.len()) }
    }
}
