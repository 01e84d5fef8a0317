//! I/O spaces: memory that devices reach, and when it is theirs no more.
//!
//! Shape: an I/O space names what it maps, so frames stay charged and in place until the mapping
//! ends, whatever becomes of handles, processes and loans. Mappings end one at a time, since the end
//! of a mapping may be the end of a large object. Without an IOMMU a device address is the physical
//! address; with one, [`Memory::io_map`] and [`Memory::end_mapping`] do more.

use super::Memory;
use crate::machine::Machine;
use crate::object::{IoMapping, IoSpaceId, MemoryId, Objects, Operation, Resource, Storage};
use abi::{Error, PAGE_SIZE};

/// Blocks that are looked at for one mapping.
const BLOCKS_PER_MAPPING: usize = 64;

impl<M: Machine> Objects<M> {
    /// The object whose frames a device uses for these pages, and the first page there: of a loan,
    /// what was lent.
    fn frames_for_device(
        &self,
        memory: MemoryId,
        first: u64,
        pages: u64,
    ) -> Result<(MemoryId, u64), Error> {
        let object = &self.memories[memory];
        let end = first.checked_add(pages).ok_or(Error::BadArgument)?;
        if pages == 0 || end > object.pages {
            return Err(Error::BadArgument);
        }
        match &object.storage {
            Storage::Frames(_) => Ok((memory, first)),
            Storage::Loan(loan) => {
                let parent = loan.parent.filter(|_| !loan.revoked).ok_or(Error::PeerDied)?;
                self.frames_for_device(parent, loan.first + first, pages)
            }
            Storage::Fixed(_) | Storage::Device(_) => Err(Error::BadArgument),
        }
    }

    /// One name of an I/O space fewer. Without a handle that manages it, it is ended: its mappings
    /// wait for the next bus server. It goes with the last of both.
    pub(crate) fn release_io_space(&mut self, id: IoSpaceId, manager: bool) {
        let space = &mut self.io_spaces[id];
        space.refs -= 1;
        space.managers -= u32::from(manager);
        space.ended |= space.managers == 0;
        if space.refs == 0 && space.count == 0 {
            let quota = space.quota;
            self.io_spaces.discard(id);
            self.quotas.give_back(quota, Resource::Objects, 1);
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Maps pages of a memory object: as many as lie together, and fit. Returns the mapping.
    pub(crate) fn io_map(
        &mut self,
        space: IoSpaceId,
        memory: MemoryId,
        first: u64,
        pages: u64,
    ) -> Result<IoMapping, Error> {
        let (memory, first) = self.objects.frames_for_device(memory, first, pages)?;
        let io_space = &self.objects.io_spaces[space];
        if io_space.ended {
            return Err(Error::BadState);
        }
        let room = pages.min(io_space.room().into());
        if room == 0 {
            return Err(Error::QuotaExceeded);
        }
        let (address, pages) = self.run_of(memory, first, room).ok_or(Error::BadArgument)?;
        let pages = u32::try_from(pages).map_err(|_| Error::BadArgument)?;
        let mapping = IoMapping { memory, address, pages };
        // Point of no return.
        self.objects.memories[memory].refs += 1;
        self.objects.io_spaces[space].add(mapping);
        Ok(mapping)
    }

    /// Where the pages of an object from this one on lie, and how many of them lie together.
    fn run_of(&self, memory: MemoryId, first: u64, most: u64) -> Option<(u64, u64)> {
        let mut extent = self.objects.extent(self.frames, memory, first)?;
        let start = extent.place.address();
        let mut found = 0;
        for _ in 0..BLOCKS_PER_MAPPING {
            if extent.place.address() != start + found * PAGE_SIZE {
                break;
            }
            let pages = extent.pages.min(most - found);
            found += pages;
            if found == most {
                break;
            }
            extent.advance(pages);
            self.objects.next_extent(self.frames, &mut extent, memory, first + found)?;
        }
        Some((start, found))
    }

    /// Ends a mapping that was taken out of its space: what is left to do, if its object ends.
    #[must_use = "the memory would never be given back"]
    pub(crate) fn end_mapping(&mut self, mapping: &IoMapping) -> Option<Operation> {
        self.release_memory(mapping.memory)
    }
}
