//! Memory objects: blocks that stay as long as anything maps or names them.

use super::kernel::{Entry, Kernel, table};
use crate::{Error, PAGE_SIZE, Rights};
use abi::{Handle, ObjectKind};
use core::cell::UnsafeCell;

/// Pages. Never freed: the tests are short, and a window may outlive its object.
pub(super) struct Block {
    pages: &'static [Page],
}

#[repr(C, align(4096))]
struct Page(UnsafeCell<[u8; 4096]>);

// SAFETY: pages are reached only through `sys::Shared` (atomics) or `sys::Pages` (alone).
unsafe impl Sync for Page {}

impl Kernel {
    pub(super) fn create_memory(&mut self, pages: u64) -> Result<u64, Error> {
        let count = usize::try_from(pages).map_err(|_| Error::BadArgument)?;
        if count == 0 || count > 4096 {
            return Err(Error::QuotaExceeded);
        }
        let block: Vec<Page> = (0..count).map(|_| Page(UnsafeCell::new([0; 4096]))).collect();
        let id = self.fresh();
        table(&mut self.memories).insert(id, Block { pages: block.leak() });
        self.insert(Entry { kind: ObjectKind::Memory, id, rights: Rights::ALL, badge: 0 })
    }

    fn block(&self, handle: u64) -> Result<&Block, Error> {
        let id = self.entry_of(handle, ObjectKind::Memory, Rights::NONE)?.id;
        self.memories.as_ref().and_then(|blocks| blocks.get(&id)).ok_or(Error::BadHandle)
    }

    pub(super) fn memory_pages(&self, handle: u64) -> Result<u64, Error> {
        Ok(self.block(handle)?.pages.len() as u64)
    }

    pub(super) fn map(&self, memory: Handle, first: u64, pages: u64) -> Result<u64, Error> {
        let block = self.block(memory.0.into())?;
        let end = first.checked_add(pages).ok_or(Error::BadArgument)?;
        if pages == 0 || end > block.pages.len() as u64 {
            return Err(Error::BadArgument);
        }
        let start = block.pages.first().ok_or(Error::BadArgument)?.0.get();
        Ok(crate::raw::address_of(start.cast_const()) + first * PAGE_SIZE)
    }

    /// Nothing to do: see [`Block`].
    #[expect(clippy::unused_self, reason = "the mirror of `map`")]
    pub(super) fn unmap(&self, _address: u64, _pages: u64) {}
}
