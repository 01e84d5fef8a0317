//! Long operations in pieces: zeroing, mapping, unmapping, protecting, taking loans back.
//!
//! Each piece is bounded, so that the exit loop can let interrupts in between them and a
//! more urgent thread can run. The thread that asked is continued when it runs again.

use super::Memory;
use super::bound::{Bound, EXTENT, TABLE};
use super::extents::Extent;
use super::map::{MapRequest, rights_for};
use crate::machine::{Machine, Mapped, PageSize, Pages, Phys};
use crate::object::{
    Life, MemoryId, Objects, Operation, ProcessId, Region, RegionId, Storage, ThreadId,
};
use abi::{Error, PAGE_SIZE, Protection, Rights};

/// Pages zeroed in one piece: 512 words each.
const ZEROED_PER_PIECE: u64 = 8;

/// What a piece left.
pub(crate) enum Progress {
    More(Operation),
    Finished(u64),
    /// Finished; the thread is given a handle.
    Memory(MemoryId),
    /// Finished; the thread is given a handle of this one.
    Thread(ThreadId),
}

impl<M: Machine> Objects<M> {
    pub(super) fn alive(&self, process: ProcessId) -> bool {
        self.processes.get(process).is_some_and(|process| process.life == Life::Alive)
    }

    /// The region that an operation on a range works on next, if there is one. One that it is not in
    /// the middle of begins and ends in the rest of the range, and nothing else works on it:
    /// otherwise another thread has mapped it meanwhile.
    fn region_to_change(
        &self,
        process: ProcessId,
        at: u64,
        end: u64,
        within: Option<RegionId>,
    ) -> Result<Option<RegionId>, Error> {
        let Some(id) = self.first_region_in(process, at, end) else { return Ok(None) };
        let region = &self.regions[id];
        let is_whole = !region.busy && region.start >= at && region.end() <= end;
        if within == Some(id) || is_whole { Ok(Some(id)) } else { Err(Error::BadState) }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// A piece of an operation on memory.
    pub(crate) fn memory_piece(&mut self, operation: Operation) -> Progress {
        match operation {
            Operation::Release { memory, status } => self.release_piece(memory, status),
            Operation::Claim { claim, next } => self.claim_piece(claim, next),
            Operation::Zero { memory, done } => self.zero_piece(memory, done),
            Operation::Map { process, region, done } => self.map_piece(process, region, done),
            Operation::Unmap { process, at, end, status, within } => {
                self.unmap_piece(process, at, end, status, within)
            }
            Operation::Protect { process, at, end, protection, within } => {
                self.protect_piece(process, at, end, protection, within)
            }
            Operation::Revoke { loan, at } => self.revoke_piece(loan, at),
            // Not about memory.
            Operation::EachThread { .. }
            | Operation::FindThread { .. }
            | Operation::Offer { .. }
            | Operation::Receive { .. } => Progress::Finished(Error::BadState as u64),
        }
    }

    fn zero_piece(&mut self, memory: MemoryId, done: u64) -> Progress {
        let mut done = done;
        let mut left = ZEROED_PER_PIECE;
        while left > 0 {
            let Some((place, pages)) = self.unzeroed(memory, done) else {
                return Progress::Memory(memory);
            };
            let now = pages.min(left);
            // From the end, as the blocks are taken.
            self.machine.zero(place.plus((pages - now) * PAGE_SIZE), now);
            (done, left) = (done + now, left - now);
        }
        if done == self.objects.memories[memory].pages {
            return Progress::Memory(memory);
        }
        Progress::More(Operation::Zero { memory, done })
    }

    /// The frames of new memory that were not zeroed yet: the first ones of its first block, or all
    /// of another block that is put before it. None: it is whole.
    fn unzeroed(&mut self, memory: MemoryId, done: u64) -> Option<(Phys, u64)> {
        let object = &mut self.objects.memories[memory];
        let Storage::Frames(chain) = &mut object.storage else { return None };
        let run = if done < chain.len() {
            self.frames.find(chain, 0)?
        } else if done < object.pages {
            self.frames.extend(chain, object.pages - done)?
        } else {
            return None;
        };
        Some((run.place, chain.len() - done))
    }

    pub(crate) fn map_piece(
        &mut self,
        process: ProcessId,
        region: RegionId,
        mut done: u64,
    ) -> Progress {
        if !self.objects.alive(process) || self.objects.regions.get(region).is_none() {
            return Progress::Finished(Error::PeerDied as u64);
        }
        let Region { memory, first_page, pages, .. } = self.objects.regions[region];
        let mut bound = Bound::new();
        let mut extent = Extent::NONE;
        while let Some(most) = bound.reach(EXTENT) {
            let next =
                self.objects.next_extent(self.frames, &mut extent, memory, first_page + done);
            let mapped = next.ok_or(Error::BadArgument);
            match mapped.and_then(|()| self.map_extent(process, region, done, &extent, most)) {
                Ok((size, mapped)) => {
                    let pages = size.frames() * mapped.count;
                    done += pages;
                    extent.advance(pages);
                    bound.pay(mapped.count);
                    if let Some(table) = mapped.replaced {
                        self.free_replaced(process, table);
                        // One flush is enough for a piece.
                        bound.end();
                    }
                }
                Err(error) => {
                    let within = Some(region);
                    let region = &self.objects.regions[region];
                    let (at, end, status) = (region.start, region.end(), error as u64);
                    return Progress::More(Operation::Unmap { process, at, end, status, within });
                }
            }
            if done == pages {
                self.objects.regions[region].busy = false;
                return Progress::Finished(0);
            }
        }
        Progress::More(Operation::Map { process, region, done })
    }

    /// Frees the empty table that a large page replaced, once no CPU has it cached.
    #[cold]
    fn free_replaced(&mut self, process: ProcessId, frame: Phys) {
        let process = &self.objects.processes[process];
        if let Some(table) = &process.space.table {
            self.machine.flush(table);
        }
        let (quotas, quota) = (&mut self.objects.quotas, process.accounts.quota);
        Self::free_table_frame(self.frames, quotas, quota, frame);
    }

    /// Maps pages of a region that lie together: a large one where address, place and length allow
    /// it, else small ones until the end of a table, at most `most`. Returns their size and number.
    fn map_extent(
        &mut self,
        process: ProcessId,
        id: RegionId,
        done: u64,
        extent: &Extent,
        most: u64,
    ) -> Result<(PageSize, Mapped), Error> {
        let region = &self.objects.regions[id];
        let address = region.start + done * PAGE_SIZE;
        let (protection, left) = (region.protection, region.pages - done);
        let storage = &self.objects.memories[region.memory].storage;
        let device = matches!(storage, Storage::Device(_));
        let (large, place) = (PageSize::Large, extent.place);
        let together = extent.pages.min(left);
        // No large page ever shows a loan: its pages are taken back one by one.
        let fits = together >= large.frames()
            && !matches!(storage, Storage::Loan(_))
            && address.is_multiple_of(large.bytes())
            && place.address().is_multiple_of(large.bytes());
        let (size, count) = if fits { (large, 1) } else { (PageSize::Small, together.min(most)) };
        let process = &mut self.objects.processes[process];
        let quota = process.accounts.quota;
        let table = process.space.table.as_mut().ok_or(Error::PeerDied)?;
        let (frames, quotas) = (&mut *self.frames, &mut self.objects.quotas);
        let mut tables = |machine: &mut M| Self::take_frame(frames, quotas, machine, quota);
        let pages = Pages { address, frame: place, size, count, protection, device };
        let mapped = self.machine.map(table, &pages, &mut tables);
        mapped.map(|mapped| (size, mapped)).map_err(|_| Error::QuotaExceeded)
    }

    pub(crate) fn unmap_piece(
        &mut self,
        process: ProcessId,
        at: u64,
        end: u64,
        status: u64,
        within: Option<RegionId>,
    ) -> Progress {
        if !self.objects.alive(process) {
            return Progress::Finished(Error::PeerDied as u64);
        }
        let id = match self.objects.region_to_change(process, at, end, within) {
            Ok(Some(id)) => id,
            Ok(None) => return Progress::Finished(status),
            Err(error) => return Progress::Finished(error as u64),
        };
        let Region { start, memory, .. } = self.objects.regions[id];
        let stop = self.objects.regions[id].end();
        let mut at = self.unmap_entries(process, at.max(start), stop);
        let mut within = Some(id);
        if at == stop {
            if self.shorten_last_of_many(memory) {
                // Once more for the last page, until the object is short.
                at = stop - PAGE_SIZE;
            } else {
                self.remove_region(process, id);
                within = None;
            }
        }
        if at == end {
            return Progress::Finished(status);
        }
        if within.is_some() {
            self.objects.regions[id].busy = true;
        }
        Progress::More(Operation::Unmap { process, at, end, status, within })
    }

    /// Unmaps a bounded number of pages from an address on: the next address.
    fn unmap_entries(&mut self, process: ProcessId, mut at: u64, stop: u64) -> u64 {
        let Some(table) = self.objects.processes[process].space.table.as_mut() else { return stop };
        let mut bound = Bound::new();
        while at < stop
            && let Some(most) = bound.reach(TABLE)
        {
            let entries = self.machine.unmap(table, at, most.min((stop - at) / PAGE_SIZE));
            at += entries.bytes();
            bound.pay(entries.count);
        }
        self.machine.flush(table);
        at.min(stop)
    }

    fn protect_piece(
        &mut self,
        process: ProcessId,
        mut at: u64,
        end: u64,
        protection: Protection,
        within: Option<RegionId>,
    ) -> Progress {
        if !self.objects.alive(process) {
            return Progress::Finished(Error::PeerDied as u64);
        }
        let id = match self.objects.region_to_change(process, at, end, within) {
            Ok(Some(id)) => id,
            Ok(None) => return Progress::Finished(0),
            Err(error) => return Progress::Finished(error as u64),
        };
        let Region { start, limit, .. } = self.objects.regions[id];
        let stop = self.objects.regions[id].end();
        if !limit.contains(rights_for(protection)) {
            return Progress::Finished(Error::NoRight as u64);
        }
        at = at.max(start);
        if let Some(table) = self.objects.processes[process].space.table.as_mut() {
            let mut bound = Bound::new();
            while at < stop
                && let Some(most) = bound.reach(TABLE)
            {
                let most = most.min((stop - at) / PAGE_SIZE);
                let entries = self.machine.protect(table, at, most, protection);
                at += entries.bytes();
                bound.pay(entries.count);
            }
            self.machine.flush(table);
        }
        let region = &mut self.objects.regions[id];
        region.busy = at < stop;
        if at >= stop {
            region.protection = protection;
        }
        if at >= end {
            return Progress::Finished(0);
        }
        let within = (at < stop).then_some(id);
        Progress::More(Operation::Protect { process, at, end, protection, within })
    }

    /// A bounded piece of giving back a dead process's mapping.
    pub(crate) fn reap_region(&mut self, process: ProcessId, id: RegionId) {
        let Region { start, memory, .. } = self.objects.regions[id];
        let stop = self.objects.regions[id].end();
        let at = self.unmap_entries(process, start, stop);
        if at == stop {
            if !self.shorten_last_of_many(memory) {
                self.remove_region(process, id);
            }
            return;
        }
        let pages = (at - start) / PAGE_SIZE;
        let region = &mut self.objects.regions[id];
        region.start = at;
        region.first_page += pages;
        region.pages -= pages;
    }

    /// Takes and zeroes the frames of new memory at once; only at boot.
    pub(crate) fn fill_now(&mut self, memory: MemoryId) {
        let mut next = Some(Operation::Zero { memory, done: 0 });
        while let Some(operation) = next {
            next = match self.memory_piece(operation) {
                Progress::More(operation) => Some(operation),
                Progress::Finished(_) | Progress::Memory(_) | Progress::Thread(_) => None,
            };
        }
    }

    /// Maps at once; only at boot.
    pub(crate) fn map_now(
        &mut self,
        process: ProcessId,
        memory: MemoryId,
        address: u64,
        pages: u64,
        protection: Protection,
    ) -> Result<(), Error> {
        let request =
            MapRequest { memory, address, first_page: 0, pages, protection, rights: Rights::ALL };
        let region = self.add_region(process, &request)?;
        let mut operation = Operation::Map { process, region, done: 0 };
        loop {
            match self.memory_piece(operation) {
                Progress::More(next) => operation = next,
                Progress::Finished(status) => {
                    return Error::from_status(status).map_or(Ok(()), Err);
                }
                Progress::Memory(_) | Progress::Thread(_) => return Ok(()),
            }
        }
    }
}
