//! Loans: pages that another process sees until the lender revokes the loan.
//!
//! Shape: a loan is a memory object whose pages are those of another one, its parent, which it
//! keeps alive. It is mapped once, by small pages, so revocation scans one address range of one
//! space; after an unmap, foreign regions may lie inside it. Each entry there is pointed to the
//! loan's blank frame by one store: a thread that uses the page meanwhile, on any CPU, reads old or
//! new bytes and never faults. When the space is flushed, the parent's pages are the lender's alone,
//! and the parent is released.

use super::Memory;
use super::bound::{Bound, TABLE};
use super::pieces::Progress;
use crate::machine::{Machine, Phys};
use crate::object::{
    Entry, Loan, MemoryId, MemoryObject, ObjectRef, Objects, Operation, ProcessId, QuotaId,
    RegionId, Resource, Storage,
};
use abi::{Error, PAGE_SIZE, Rights};

impl<M: Machine> Objects<M> {
    fn loan(&self, memory: MemoryId) -> Option<&Loan> {
        match &self.memories[memory].storage {
            Storage::Loan(loan) => Some(loan),
            _ => None,
        }
    }

    fn loan_mut(&mut self, memory: MemoryId) -> Option<&mut Loan> {
        match &mut self.memories[memory].storage {
            Storage::Loan(loan) => Some(loan),
            _ => None,
        }
    }

    /// Whether these pages of a memory object can be lent.
    pub(crate) fn can_be_lent(
        &self,
        memory: MemoryId,
        first: u64,
        pages: u64,
    ) -> Result<(), Error> {
        let object = &self.memories[memory];
        let end = first.checked_add(pages).ok_or(Error::BadArgument)?;
        if pages == 0 || end > object.pages || object.is_device() {
            return Err(Error::BadArgument);
        }
        if self.loan(memory).is_some() { Err(Error::BadState) } else { Ok(()) }
    }

    /// Whether a handle is a lender's: there is one for each loan, neither copied nor moved.
    pub(crate) fn is_lender(&self, entry: &Entry) -> bool {
        match entry.object {
            ObjectRef::Memory(id) => {
                entry.rights.contains(Rights::MANAGE) && self.loan(id).is_some()
            }
            _ => false,
        }
    }

    /// What a copy of a handle may do at most.
    pub(crate) fn copied_rights(&self, entry: &Entry, wanted: Rights) -> Rights {
        let rights = entry.rights.intersection(wanted);
        if self.is_lender(entry) { rights.difference(Rights::MANAGE) } else { rights }
    }

    /// Whether a memory object can be mapped, if it is a loan.
    pub(crate) fn loan_can_be_mapped(&self, memory: MemoryId) -> Result<(), Error> {
        match self.loan(memory) {
            Some(loan) if loan.revoked => Err(Error::PeerDied),
            Some(loan) if loan.regions > 0 => Err(Error::BadState),
            _ => Ok(()),
        }
    }

    /// One more region of a space shows a memory object.
    pub(crate) fn count_loan_region(&mut self, memory: MemoryId, process: ProcessId, start: u64) {
        if let Some(loan) = self.loan_mut(memory) {
            if loan.regions == 0 {
                (loan.space, loan.address) = (Some(process), start);
            }
            loan.regions += 1;
        }
    }

    /// One fewer.
    pub(crate) fn uncount_loan_region(&mut self, memory: MemoryId) {
        if let Some(loan) = self.loan_mut(memory) {
            loan.regions -= 1;
            loan.space = loan.space.filter(|_| loan.regions > 0);
        }
    }

    /// The revocation that the end of this handle starts, if it was a lender's. From now on no page
    /// of the parent is mapped any more.
    pub(crate) fn revocation(&mut self, entry: &Entry) -> Option<Operation> {
        let ObjectRef::Memory(memory) = entry.object else { return None };
        if !self.is_lender(entry) {
            return None;
        }
        self.loan_mut(memory)?.revoked = true;
        self.memories[memory].refs += 1;
        Some(Operation::Revoke { loan: memory, at: 0 })
    }

    /// The next region from an address on among the pages where this loan was mapped, and the
    /// loan's blank frame.
    fn region_where_lent(&self, memory: MemoryId, at: u64) -> Option<(ProcessId, RegionId, Phys)> {
        let loan = self.loan(memory)?;
        let process = loan.space?;
        let end = loan.address + self.memories[memory].pages * PAGE_SIZE;
        let region = self.first_region_in(process, at.max(loan.address), end)?;
        Some((process, region, loan.blank.phys()))
    }
}

impl<M: Machine> Memory<'_, M> {
    /// A loan without a handle yet, paid for by this account.
    pub(crate) fn new_loan(
        &mut self,
        quota: QuotaId,
        parent: MemoryId,
        first: u64,
        pages: u64,
    ) -> Result<MemoryId, Error> {
        self.ensure_capacity(|objects| &mut objects.memories)?;
        self.objects.quotas.charge(quota, Resource::Objects, 1)?;
        let blank = Self::take_frame(self.frames, &mut self.objects.quotas, self.machine, quota);
        let Some(blank) = blank else {
            self.objects.quotas.give_back(quota, Resource::Objects, 1);
            return Err(Error::QuotaExceeded);
        };
        // Point of no return: room, places and payment are there.
        self.objects.memories[parent].refs += 1;
        let parent = Some(parent);
        let (space, address, regions) = (None, 0, 0);
        let loan = Loan { parent, first, blank, revoked: false, space, address, regions };
        let object = MemoryObject { refs: 0, pages, storage: Storage::Loan(loan), quota };
        // NOFAIL: room was checked above.
        self.objects.memories.insert(object).map_err(|_| Error::OutOfMemory)
    }

    /// Frees what a loan held whose last name is gone.
    pub(super) fn free_loan(&mut self, quota: QuotaId, loan: Loan) -> Option<Operation> {
        Self::free_frame(self.frames, &mut self.objects.quotas, quota, loan.blank);
        self.release_memory(loan.parent?)
    }

    /// A bounded piece of taking a loan back: some pages of a region, or past another's region.
    pub(super) fn revoke_piece(&mut self, memory: MemoryId, at: u64) -> Progress {
        if let Some((process, region, blank)) = self.objects.region_where_lent(memory, at) {
            let region = &self.objects.regions[region];
            let (start, stop) = (at.max(region.start), region.end());
            let at = match region.memory == memory {
                true => self.blank_entries(process, start, stop, blank),
                false => stop,
            };
            return Progress::More(Operation::Revoke { loan: memory, at });
        }
        let parent = self.objects.loan_mut(memory).and_then(|loan| loan.parent.take());
        let left = self.release_memory(memory);
        self.finish_release(left);
        match parent.and_then(|parent| self.release_memory(parent)) {
            Some(operation) => Progress::More(operation),
            None => Progress::Finished(0),
        }
    }

    /// Puts a blank page in place of a bounded number of pages: the next address.
    fn blank_entries(&mut self, process: ProcessId, mut at: u64, stop: u64, blank: Phys) -> u64 {
        let Some(table) = self.objects.processes[process].space.table.as_mut() else { return stop };
        let mut bound = Bound::new();
        while at < stop
            && let Some(most) = bound.reach(TABLE)
        {
            // A page that is not mapped yet will be a blank one.
            let most = most.min((stop - at) / PAGE_SIZE);
            let entries = self.machine.replace(table, at, most, blank);
            at += entries.bytes();
            bound.pay(entries.count);
        }
        self.machine.flush(table);
        at
    }
}
