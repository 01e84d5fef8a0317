//! Mappings: which pages of which memory object lie where in a space.
//!
//! Shape: a space's regions form a tree by address; they never overlap. The page
//! table follows them: pages of a region that is not busy are all mapped.

use super::Memory;
use crate::machine::Machine;
use crate::object::{
    Branch, Gap, Life, MemoryId, Objects, ProcessId, Region, RegionId, Regions, Resource,
};
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
pub(crate) struct MapRequest {
    pub(crate) memory: MemoryId,
    pub(crate) address: u64,
    pub(crate) first_page: u64,
    pub(crate) pages: u64,
    pub(crate) protection: Protection,
    pub(crate) rights: Rights,
}

impl<M: Machine> Objects<M> {
    /// The first region that has pages in this range.
    pub(crate) fn first_region_in(
        &self,
        process: ProcessId,
        at: u64,
        end: u64,
    ) -> Option<RegionId> {
        let first = self.processes[process].space.regions.first_from(&self.regions, at);
        first.filter(|id| self.regions[*id].start < end)
    }

    /// The region after this one, if it has pages before this end.
    pub(crate) fn next_region_in(&self, id: RegionId, end: u64) -> Option<RegionId> {
        if self.regions[id].end() >= end {
            return None;
        }
        Regions::next(&self.regions, id).filter(|id| self.regions[*id].start < end)
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Checks a mapping and enters its region, marked busy; no page is mapped yet.
    pub(crate) fn add_region(
        &mut self,
        process: ProcessId,
        request: &MapRequest,
    ) -> Result<RegionId, Error> {
        let (start, end) = user_range(request.address, request.pages)?;
        let object = &self.objects.memories[request.memory];
        let last = request.first_page.checked_add(request.pages).ok_or(Error::BadArgument)?;
        if last > object.pages || (object.is_device() && request.protection.executable()) {
            return Err(Error::BadArgument);
        }
        if !request.rights.contains(rights_for(request.protection)) {
            return Err(Error::NoRight);
        }
        if self.objects.processes[process].life != Life::Alive {
            return Err(Error::PeerDied);
        }
        self.objects.loan_can_be_mapped(request.memory)?;
        let gap =
            self.objects.processes[process].space.regions.gap(&self.objects.regions, start, end);
        let gap = gap.ok_or(Error::Overlap)?;
        let region = Region {
            start,
            pages: request.pages,
            memory: request.memory,
            first_page: request.first_page,
            protection: request.protection,
            limit: request.rights,
            busy: true,
            branch: Branch::default(),
        };
        self.link_region(process, region, gap)
    }

    /// Pays for a region and puts it among the others of its space.
    pub(super) fn link_region(
        &mut self,
        process: ProcessId,
        region: Region,
        gap: Gap,
    ) -> Result<RegionId, Error> {
        self.ensure_capacity(|objects| &mut objects.regions)?;
        self.objects.quotas.charge(
            self.objects.processes[process].accounts.quota,
            Resource::Objects,
            1,
        )?;
        let (memory, start) = (region.memory, region.start);
        // NOFAIL: room was checked above.
        let id = self.objects.regions.insert(region).map_err(|_| Error::OutOfMemory)?;
        self.objects.memories[memory].refs += 1;
        self.objects.count_loan_region(memory, process, start);
        self.objects.processes[process].space.regions.insert(&mut self.objects.regions, gap, id);
        Ok(id)
    }

    /// Takes a region out of its space; its pages are unmapped already.
    pub(crate) fn remove_region(&mut self, process: ProcessId, id: RegionId) {
        self.objects.processes[process].space.regions.remove(&mut self.objects.regions, id);
        let Some(region) = self.objects.regions.remove(id) else { return };
        self.objects.quotas.give_back(
            self.objects.processes[process].accounts.quota,
            Resource::Objects,
            1,
        );
        self.objects.uncount_loan_region(region.memory);
        let left = self.release_memory(region.memory);
        self.finish_release(left);
    }
}
