//! Mappings: which pages of which memory object lie where in a space.
//!
//! Shape: a space's regions form a tree by address; they never overlap. The page
//! table follows them: pages of a region that is not busy are all mapped.

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::object::{Branch, Gap, Life, MemoryId, ProcessId, Region, RegionId, Regions, Resource};
use abi::{Error, PAGE_SIZE, Protection, Rights, USER_END, USER_START};

/// The rights that a memory handle needs to be mapped so.
pub(crate) fn rights_for(protection: Protection) -> Rights {
    match protection {
        Protection::Read => Rights::READ,
        Protection::ReadWrite => Rights::READ.union(Rights::WRITE),
        Protection::ReadExecute => Rights::READ.union(Rights::EXECUTE),
    }
}

/// A page-aligned range of the user space that can be mapped, as (first address, first address
/// after it).
pub(crate) fn user_range(address: u64, pages: u64) -> Result<(u64, u64), Error> {
    let end = pages.checked_mul(PAGE_SIZE).and_then(|bytes| address.checked_add(bytes));
    match end {
        Some(end)
            if pages > 0
                && (USER_START..USER_END).contains(&address)
                && end <= USER_END
                && address.is_multiple_of(PAGE_SIZE) =>
        {
            Ok((address, end))
        }
        _ => Err(Error::BadAddress),
    }
}

/// A mapping to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) memory: MemoryId,
    pub(crate) address: u64,
    pub(crate) first_page: u64,
    pub(crate) pages: u64,
    pub(crate) protection: Protection,
    pub(crate) rights: Rights,
}

impl<M: Machine> Kernel<M> {
    /// Checks a mapping and enters its region, marked busy; no page is mapped yet.
    pub(crate) fn add_region(
        &mut self,
        process: ProcessId,
        wish: &Wish,
    ) -> Result<RegionId, Error> {
        let (start, end) = user_range(wish.address, wish.pages)?;
        let object = &self.memories[wish.memory];
        let last = wish.first_page.checked_add(wish.pages).ok_or(Error::BadArgument)?;
        if last > object.pages || (object.is_device() && wish.protection.executable()) {
            return Err(Error::BadArgument);
        }
        if !wish.rights.contains(rights_for(wish.protection)) {
            return Err(Error::NoRight);
        }
        if self.processes[process].life != Life::Alive {
            return Err(Error::PeerDied);
        }
        self.loan_can_be_mapped(wish.memory)?;
        let gap = self.processes[process].regions.gap(&self.regions, start, end);
        let gap = gap.ok_or(Error::Overlap)?;
        let region = Region {
            start,
            pages: wish.pages,
            memory: wish.memory,
            first_page: wish.first_page,
            protection: wish.protection,
            limit: wish.rights,
            busy: true,
            branch: Branch::default(),
        };
        self.link_region(process, region, gap)
    }

    /// Pays for a region and puts it among the others of its space.
    fn link_region(
        &mut self,
        process: ProcessId,
        region: Region,
        gap: Gap,
    ) -> Result<RegionId, Error> {
        self.room_in(|kernel| &mut kernel.regions)?;
        self.quotas.charge(self.processes[process].quota, Resource::Objects, 1)?;
        let (memory, start) = (region.memory, region.start);
        // NOFAIL: room was checked above.
        let id = self.regions.insert(region).map_err(|_| Error::OutOfMemory)?;
        self.memories[memory].refs += 1;
        self.count_loan_region(memory, process, start);
        self.processes[process].regions.insert(&mut self.regions, gap, id);
        Ok(id)
    }

    /// Takes a region out of its space; its pages are unmapped already.
    pub(crate) fn remove_region(&mut self, process: ProcessId, id: RegionId) {
        self.processes[process].regions.remove(&mut self.regions, id);
        let Some(region) = self.regions.remove(id) else { return };
        self.quotas.give_back(self.processes[process].quota, Resource::Objects, 1);
        self.uncount_loan_region(region.memory);
        self.release_memory(region.memory);
    }

    /// The first region that has pages in this range.
    pub(crate) fn first_region_in(
        &self,
        process: ProcessId,
        at: u64,
        end: u64,
    ) -> Option<RegionId> {
        let first = self.processes[process].regions.first_from(&self.regions, at);
        first.filter(|id| self.regions[*id].start < end)
    }

    /// The region after this one, if it has pages before this end.
    pub(crate) fn next_region_in(&self, id: RegionId, end: u64) -> Option<RegionId> {
        if self.regions[id].end() >= end {
            return None;
        }
        Regions::next(&self.regions, id).filter(|id| self.regions[*id].start < end)
    }

    /// Makes the ends of a range ends of regions, and marks all regions in it busy.
    ///
    /// Whole or nothing: on an error only a harmless split may have happened.
    pub(crate) fn claim_range(
        &mut self,
        process: ProcessId,
        at: u64,
        end: u64,
    ) -> Result<(), Error> {
        if self.processes[process].life != Life::Alive {
            return Err(Error::PeerDied);
        }
        let mut first = self.first_region_in(process, at, end).ok_or(Error::Overlap)?;
        let mut last = self.last_unclaimed(first, end)?;
        if self.regions[first].start < at {
            let tail = self.split_region(process, first, at)?;
            last = if last == first { tail } else { last };
            first = tail;
        }
        if self.regions[last].end() > end {
            self.split_region(process, last, end)?;
        }
        let mut next = Some(first);
        while let Some(id) = next {
            self.regions[id].busy = true;
            next = self.next_region_in(id, end);
        }
        Ok(())
    }

    /// The last region from this one on that has pages before this end, if none of them is busy.
    fn last_unclaimed(&self, first: RegionId, end: u64) -> Result<RegionId, Error> {
        let mut id = first;
        loop {
            if self.regions[id].busy {
                return Err(Error::BadState);
            }
            match self.next_region_in(id, end) {
                Some(next) => id = next,
                None => return Ok(id),
            }
        }
    }

    /// Cuts a region in two at an address within it: the second part.
    fn split_region(
        &mut self,
        process: ProcessId,
        id: RegionId,
        address: u64,
    ) -> Result<RegionId, Error> {
        let region = &self.regions[id];
        let head = (address - region.start) / PAGE_SIZE;
        let tail = Region {
            start: address,
            pages: region.pages - head,
            memory: region.memory,
            first_page: region.first_page + head,
            protection: region.protection,
            limit: region.limit,
            busy: false,
            branch: Branch::default(),
        };
        self.split_page(process, address)?;
        let tail = self.link_region(process, tail, Regions::gap_behind(&self.regions, id))?;
        self.regions[id].pages = head;
        Ok(tail)
    }

    fn split_page(&mut self, process: ProcessId, address: u64) -> Result<(), Error> {
        let process = &mut self.processes[process];
        let quota = process.quota;
        let table = process.table.as_mut().ok_or(Error::PeerDied)?;
        let (frames, quotas) = (&mut self.frames, &mut self.quotas);
        let mut tables = |machine: &mut M| Self::take_frame(frames, quotas, machine, quota);
        self.machine.split(table, address, &mut tables).map_err(|_| Error::QuotaExceeded)
    }
}
