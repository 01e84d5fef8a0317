//! Ranges that are unmapped or protected: their ends become ends of regions, then all regions in
//! them are looked at in pieces, before anything changes.
//!
//! Errors: what is refused is refused before anything changed; only a region may have been cut in
//! two. Another thread that works in the same range at the same time can make an operation end
//! in its middle with `BadState`.

use super::Memory;
use super::map::rights_for;
use super::pieces::Progress;
use crate::machine::Machine;
use crate::object::{
    Branch, Claim, Life, Objects, Operation, ProcessId, Region, RegionId, Regions,
};
use abi::{Error, PAGE_SIZE};

/// Regions looked at in one piece. In tests few, so that short ranges take several pieces there.
const REGIONS_PER_PIECE: usize = if cfg!(test) { 2 } else { 64 };

impl<M: Machine> Objects<M> {
    /// Whether a region can be changed so now.
    fn check_claim(&self, id: RegionId, claim: &Claim) -> Result<(), Error> {
        let region = &self.regions[id];
        if claim.protection.is_some_and(|to| !region.limit.contains(rights_for(to))) {
            return Err(Error::NoRight);
        }
        if region.busy { Err(Error::BadState) } else { Ok(()) }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Makes the ends of a range ends of regions.
    pub(crate) fn claim(&mut self, claim: Claim) -> Result<Operation, Error> {
        let Claim { process, at, end, .. } = claim;
        if self.objects.processes[process].life != Life::Alive {
            return Err(Error::PeerDied);
        }
        let mut first = self.objects.first_region_in(process, at, end).ok_or(Error::Overlap)?;
        self.objects.check_claim(first, &claim)?;
        if self.objects.regions[first].start < at {
            first = self.split_region(process, first, at)?;
        }
        if self.objects.regions[first].end() >= end {
            // The most frequent case: the range is part of one region.
            self.split_tail(process, first, end)?;
            return Ok(claim.operation());
        }
        if let Some(last) = self.objects.first_region_in(process, end - PAGE_SIZE, end) {
            self.objects.check_claim(last, &claim)?;
            self.split_tail(process, last, end)?;
        }
        Ok(Operation::Claim { claim, next: at })
    }

    fn split_tail(&mut self, process: ProcessId, id: RegionId, end: u64) -> Result<(), Error> {
        if self.objects.regions[id].end() > end {
            self.split_region(process, id, end)?;
        }
        Ok(())
    }

    /// Looks at a bounded number of regions from an address on; after the last one, the first
    /// piece of the work itself.
    pub(super) fn claim_piece(&mut self, claim: Claim, next: u64) -> Progress {
        let Claim { process, end, .. } = claim;
        if !self.objects.alive(process) {
            return Progress::Finished(Error::PeerDied as u64);
        }
        let mut region = self.objects.first_region_in(process, next, end);
        for _ in 0..REGIONS_PER_PIECE {
            let Some(id) = region else { return self.memory_piece(claim.operation()) };
            if let Err(error) = self.objects.check_claim(id, &claim) {
                return Progress::Finished(error as u64);
            }
            region = self.objects.next_region_in(id, end);
        }
        match region {
            Some(id) => {
                Progress::More(Operation::Claim { claim, next: self.objects.regions[id].start })
            }
            None => self.memory_piece(claim.operation()),
        }
    }

    /// Cuts a region in two at an address within it: the second part.
    fn split_region(
        &mut self,
        process: ProcessId,
        id: RegionId,
        address: u64,
    ) -> Result<RegionId, Error> {
        let region = &self.objects.regions[id];
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
        let tail =
            self.link_region(process, tail, Regions::gap_behind(&self.objects.regions, id))?;
        self.objects.regions[id].pages = head;
        Ok(tail)
    }

    fn split_page(&mut self, process: ProcessId, address: u64) -> Result<(), Error> {
        let process = &mut self.objects.processes[process];
        let quota = process.accounts.quota;
        let table = process.space.table.as_mut().ok_or(Error::PeerDied)?;
        let (frames, quotas) = (&mut *self.frames, &mut self.objects.quotas);
        let mut tables = |machine: &mut M| Self::take_frame(frames, quotas, machine, quota);
        self.machine.split(table, address, &mut tables).map_err(|_| Error::QuotaExceeded)
    }
}
