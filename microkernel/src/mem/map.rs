//! Mappings: which pages of which memory object lie where in a space.
//!
//! Shape: a space's regions form a list sorted by address; they never overlap. The page
//! table follows them: pages of a region that is not busy are all mapped.

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::object::{Life, MemoryId, ProcessId, Region, RegionId, Resource};
use abi::{Error, PAGE_SIZE, Protection, Rights, USER_END};

/// The rights that a memory handle needs to be mapped so.
pub(crate) fn rights_for(protection: Protection) -> Rights {
    match protection {
        Protection::Read => Rights::READ,
        Protection::ReadWrite => Rights::READ.union(Rights::WRITE),
        Protection::ReadExecute => Rights::READ.union(Rights::EXECUTE),
    }
}

/// A page-aligned range of user space, as (first address, first address after it).
pub(crate) fn user_range(address: u64, pages: u64) -> Result<(u64, u64), Error> {
    let end = pages.checked_mul(PAGE_SIZE).and_then(|bytes| address.checked_add(bytes));
    match end {
        Some(end) if pages > 0 && end <= USER_END && address.is_multiple_of(PAGE_SIZE) => {
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
        let previous = self.region_before(process, start);
        let next = self.region_after(process, previous);
        if previous.is_some_and(|id| self.regions[id].end() > start)
            || next.is_some_and(|id| self.regions[id].start < end)
        {
            return Err(Error::Overlap);
        }
        let region = Region {
            start,
            pages: wish.pages,
            memory: wish.memory,
            first_page: wish.first_page,
            protection: wish.protection,
            limit: wish.rights,
            busy: true,
            next,
        };
        self.link_region(process, previous, region)
    }

    /// Pays for a region and puts it behind another one.
    fn link_region(
        &mut self,
        process: ProcessId,
        previous: Option<RegionId>,
        region: Region,
    ) -> Result<RegionId, Error> {
        if !self.regions.has_room() {
            return Err(Error::OutOfMemory);
        }
        self.quotas.charge(self.processes[process].quota, Resource::Objects, 1)?;
        let memory = region.memory;
        // NOFAIL: room was checked above.
        let id = self.regions.insert(region).map_err(|_| Error::OutOfMemory)?;
        self.memories[memory].refs += 1;
        self.count_loan_region(memory, process);
        match previous {
            Some(previous) => self.regions[previous].next = Some(id),
            None => self.processes[process].regions = Some(id),
        }
        Ok(id)
    }

    /// Takes a region out of its space; its pages are unmapped already.
    pub(crate) fn remove_region(&mut self, process: ProcessId, id: RegionId) {
        let previous = self.region_before(process, self.regions[id].start);
        let Some(region) = self.regions.remove(id) else { return };
        match previous {
            Some(previous) => self.regions[previous].next = region.next,
            None => self.processes[process].regions = region.next,
        }
        self.quotas.give_back(self.processes[process].quota, Resource::Objects, 1);
        self.uncount_loan_region(region.memory);
        self.release_memory(region.memory);
    }

    /// The last region that starts below this address.
    fn region_before(&self, process: ProcessId, address: u64) -> Option<RegionId> {
        let mut previous = None;
        let mut next = self.processes[process].regions;
        while let Some(id) = next.filter(|id| self.regions[*id].start < address) {
            previous = Some(id);
            next = self.regions[id].next;
        }
        previous
    }

    fn region_after(&self, process: ProcessId, previous: Option<RegionId>) -> Option<RegionId> {
        match previous {
            Some(id) => self.regions[id].next,
            None => self.processes[process].regions,
        }
    }

    /// The first region that has pages in this range.
    pub(crate) fn first_region_in(
        &self,
        process: ProcessId,
        at: u64,
        end: u64,
    ) -> Option<RegionId> {
        let mut next = self.processes[process].regions;
        while let Some(id) = next {
            let region = &self.regions[id];
            if region.end() > at {
                return (region.start < end).then_some(id);
            }
            next = region.next;
        }
        None
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
        let mut next = Some(self.first_region_in(process, at, end).ok_or(Error::Overlap)?);
        while let Some(id) = next.filter(|id| self.regions[*id].start < end) {
            if self.regions[id].busy {
                return Err(Error::BadState);
            }
            next = self.regions[id].next;
        }
        self.split_region(process, at)?;
        self.split_region(process, end)?;
        let mut next = self.first_region_in(process, at, end);
        while let Some(id) = next.filter(|id| self.regions[*id].start < end) {
            self.regions[id].busy = true;
            next = self.regions[id].next;
        }
        Ok(())
    }

    /// Cuts the region around this address in two, so that one ends there.
    fn split_region(&mut self, process: ProcessId, address: u64) -> Result<(), Error> {
        let Some(id) = self.region_before(process, address) else { return Ok(()) };
        let region = &self.regions[id];
        if region.end() <= address {
            return Ok(());
        }
        let head = (address - region.start) / PAGE_SIZE;
        let tail = Region {
            start: address,
            pages: region.pages - head,
            memory: region.memory,
            first_page: region.first_page + head,
            protection: region.protection,
            limit: region.limit,
            busy: false,
            next: region.next,
        };
        self.split_page(process, address)?;
        self.link_region(process, Some(id), tail)?;
        self.regions[id].pages = head;
        Ok(())
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
