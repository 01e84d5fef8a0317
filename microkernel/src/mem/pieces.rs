//! Long operations in pieces: zeroing, mapping, unmapping, protecting, taking loans back.
//!
//! Each piece is bounded, so that the exit loop can let interrupts in between them and a
//! more urgent thread can run. The thread that asked is continued when it runs again.

use super::map::Wish;
use crate::exit::Work;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine, Page, PageSize, Phys};
use crate::object::{Life, MemoryId, ObjectRef, Operation, ProcessId, RegionId, ThreadId};
use abi::{Error, PAGE_SIZE, Protection, Rights};

/// Page-table entries changed in one piece.
pub(super) const ENTRIES_PER_PIECE: usize = 64;
/// Pages zeroed in one piece.
const ZEROED_PER_PIECE: u64 = 16;

/// What a piece left.
pub(super) enum Progress {
    More(Operation),
    Finished(u64),
    /// Finished; the thread is given a handle.
    Memory(MemoryId),
}

impl<M: Machine> Kernel<M> {
    /// Starts a long operation: does the first piece of it, most often the only one; the
    /// others are done on the way out.
    pub(crate) fn start_operation(&mut self, me: ThreadId, operation: Operation) {
        self.threads[me].operation = Some(operation);
        self.operation_piece(me);
        if self.threads[me].operation.is_some() {
            self.set_thread_work(me, Work::Operation);
        }
    }

    /// Does a piece of the thread's operation. At its end the thread has its result.
    pub(crate) fn operation_piece(&mut self, me: ThreadId) {
        let Some(operation) = self.threads[me].operation.take() else { return };
        let status = match self.piece(operation) {
            Progress::More(operation) => {
                self.threads[me].operation = Some(operation);
                return;
            }
            Progress::Finished(status) => status,
            Progress::Memory(memory) => self.grant_memory(me, memory),
        };
        self.threads[me].frame.set_status(status);
    }

    /// Does a piece of an operation that is no thread's: what is left of it.
    pub(crate) fn piece_alone(&mut self, operation: Operation) -> Option<Operation> {
        match self.piece(operation) {
            Progress::More(operation) => Some(operation),
            Progress::Finished(_) | Progress::Memory(_) => None,
        }
    }

    fn grant_memory(&mut self, me: ThreadId, memory: MemoryId) -> u64 {
        let granted =
            self.grant(self.threads[me].process, ObjectRef::Memory(memory), Rights::ALL, 0);
        self.release_memory(memory);
        match granted {
            Ok(handle) => {
                self.threads[me].frame.set_values(u64::from(handle.0), 0);
                0
            }
            Err(error) => error as u64,
        }
    }

    fn piece(&mut self, operation: Operation) -> Progress {
        match operation {
            Operation::Zero { memory, done } => self.zero_piece(memory, done),
            Operation::Map { process, region, done } => self.map_piece(process, region, done),
            Operation::Unmap { process, at, end, status } => {
                self.unmap_piece(process, at, end, status)
            }
            Operation::Protect { process, at, end, protection } => {
                self.protect_piece(process, at, end, protection)
            }
            Operation::Revoke { loan, at } => self.revoke_piece(loan, at),
        }
    }

    fn zero_piece(&mut self, memory: MemoryId, done: u64) -> Progress {
        match self.memory_page(memory, done) {
            Some((place, run)) => {
                let pages = run.min(ZEROED_PER_PIECE);
                self.machine.zero(place, pages);
                let done = done + pages;
                if done == self.memories[memory].pages {
                    return Progress::Memory(memory);
                }
                Progress::More(Operation::Zero { memory, done })
            }
            None => Progress::Memory(memory),
        }
    }

    fn alive(&self, process: ProcessId) -> bool {
        self.processes.get(process).is_some_and(|process| process.life == Life::Alive)
    }

    fn map_piece(&mut self, process: ProcessId, region: RegionId, mut done: u64) -> Progress {
        if !self.alive(process) || self.regions.get(region).is_none() {
            return Progress::Finished(Error::PeerDied as u64);
        }
        let mut entries = 0;
        while entries < ENTRIES_PER_PIECE {
            match self.map_entry(process, region, done) {
                Ok((size, replaced)) => {
                    done += size.frames();
                    entries += 1;
                    if let Some(table) = replaced {
                        self.free_replaced(process, table);
                        // One flush is enough for a piece.
                        entries = ENTRIES_PER_PIECE;
                    }
                }
                Err(error) => {
                    let region = &self.regions[region];
                    let (at, end) = (region.start, region.end());
                    let status = error as u64;
                    return Progress::More(Operation::Unmap { process, at, end, status });
                }
            }
            if done == self.regions[region].pages {
                self.regions[region].busy = false;
                return Progress::Finished(0);
            }
        }
        Progress::More(Operation::Map { process, region, done })
    }

    /// Frees the empty table that a large page replaced, once no CPU has it cached.
    #[cold]
    fn free_replaced(&mut self, process: ProcessId, frame: Phys) {
        let process = &self.processes[process];
        if let Some(table) = &process.table {
            self.machine.flush(table);
        }
        Self::free_frame(&mut self.frames, &mut self.quotas, process.quota, frame);
    }

    /// Maps one page of a region, a large one where address, place and length allow it. Returns
    /// its size and the table that it replaced.
    fn map_entry(
        &mut self,
        process: ProcessId,
        id: RegionId,
        done: u64,
    ) -> Result<(PageSize, Option<Phys>), Error> {
        let region = &self.regions[id];
        let address = region.start + done * PAGE_SIZE;
        let (memory, protection, left) = (region.memory, region.protection, region.pages - done);
        let (place, run) =
            self.memory_page(memory, region.first_page + done).ok_or(Error::BadArgument)?;
        let device = self.memories[memory].is_device();
        let large = PageSize::Large;
        let fits = run.min(left) >= large.frames()
            && address.is_multiple_of(large.bytes())
            && place.0.is_multiple_of(large.bytes());
        let size = if fits { large } else { PageSize::Small };
        let process = &mut self.processes[process];
        let quota = process.quota;
        let table = process.table.as_mut().ok_or(Error::PeerDied)?;
        let (frames, quotas) = (&mut self.frames, &mut self.quotas);
        let mut tables = |machine: &mut M| Self::take_frame(frames, quotas, machine, quota);
        let page = Page { address, frame: place, size, protection, device };
        let mapped = self.machine.map(table, &page, &mut tables);
        mapped.map(|replaced| (size, replaced)).map_err(|_| Error::QuotaExceeded)
    }

    fn unmap_piece(&mut self, process: ProcessId, at: u64, end: u64, status: u64) -> Progress {
        if !self.alive(process) {
            return Progress::Finished(Error::PeerDied as u64);
        }
        let Some(id) = self.first_region_in(process, at, end) else {
            return Progress::Finished(status);
        };
        let start = at.max(self.regions[id].start);
        let stop = self.regions[id].end();
        let at = self.unmap_entries(process, start, stop);
        if at == stop {
            self.remove_region(process, id);
        }
        if at == end {
            return Progress::Finished(status);
        }
        Progress::More(Operation::Unmap { process, at, end, status })
    }

    /// Unmaps a bounded number of pages from an address on: the next address.
    fn unmap_entries(&mut self, process: ProcessId, mut at: u64, stop: u64) -> u64 {
        let Some(table) = self.processes[process].table.as_mut() else { return stop };
        for _ in 0..ENTRIES_PER_PIECE {
            if at >= stop {
                break;
            }
            at += self.machine.unmap(table, at).unwrap_or(PageSize::Small).bytes();
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
    ) -> Progress {
        if !self.alive(process) {
            return Progress::Finished(Error::PeerDied as u64);
        }
        let Some(id) = self.first_region_in(process, at, end) else {
            return Progress::Finished(0);
        };
        let (start, stop) = (self.regions[id].start, self.regions[id].end());
        at = at.max(start);
        if let Some(table) = self.processes[process].table.as_mut() {
            for _ in 0..ENTRIES_PER_PIECE {
                if at >= stop {
                    break;
                }
                let size = self.machine.protect(table, at, protection);
                at += size.unwrap_or(PageSize::Small).bytes();
            }
            self.machine.flush(table);
        }
        if at >= stop {
            let region = &mut self.regions[id];
            region.protection = protection;
            region.busy = false;
        }
        if at >= end {
            return Progress::Finished(0);
        }
        Progress::More(Operation::Protect { process, at, end, protection })
    }

    /// A bounded piece of giving back a dead process's mapping.
    pub(crate) fn reap_region(&mut self, process: ProcessId, id: RegionId) {
        let (start, stop) = (self.regions[id].start, self.regions[id].end());
        let at = self.unmap_entries(process, start, stop);
        if at == stop {
            self.remove_region(process, id);
            return;
        }
        let pages = (at - start) / PAGE_SIZE;
        let region = &mut self.regions[id];
        region.start = at;
        region.first_page += pages;
        region.pages -= pages;
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
        let wish = Wish { memory, address, first_page: 0, pages, protection, rights: Rights::ALL };
        let region = self.add_region(process, &wish)?;
        let mut operation = Operation::Map { process, region, done: 0 };
        loop {
            match self.piece(operation) {
                Progress::More(next) => operation = next,
                Progress::Finished(status) => {
                    return Error::from_status(status).map_or(Ok(()), Err);
                }
                Progress::Memory(_) => return Ok(()),
            }
        }
    }
}
