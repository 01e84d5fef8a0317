//! Calls on memory objects and spaces.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::{Machine, Phys};
use crate::mem::Memory;
use crate::mem::map::{MapRequest, rights_for, user_range};
use crate::object::{
    Claim, MemoryId, MemoryObject, ObjectRef, Objects, Operation, Resource, Storage, ThreadId,
};
use abi::{CONTIGUOUS_MAX, Error, MEMORY_CONTIGUOUS, PAGE_SIZE, Protection, Rights, reserved};

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_memory_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        let payer = self.objects.managed_process(me, 1)?;
        let (pages, flags) = (self.objects.argument(me, 0), self.objects.argument(me, 2));
        let together = flags == MEMORY_CONTIGUOUS;
        if !together && flags != 0 || together && pages > CONTIGUOUS_MAX {
            return Err(Error::BadArgument);
        }
        self.objects.living(payer)?;
        let own = self.objects.own(me);
        self.memory().reserve_handles(own, 1)?;
        let quota = self.objects.processes[payer].accounts.quota;
        let memory = self.memory().new_memory(quota, pages, together)?;
        self.objects.memories[memory].refs += 1;
        self.start_operation(me, Operation::Zero { memory, done: 0 });
        Ok(Done::Elsewhere)
    }

    pub(super) fn sys_memory_device(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.objects.device_resource(me)?;
        let (address, pages) = (self.objects.argument(me, 1), self.objects.argument(me, 2));
        let first = Phys::new(address).ok_or(Error::BadArgument)?;
        let fits = pages > 0 && pages <= 1 << 24 && address.is_multiple_of(PAGE_SIZE);
        let end = pages.checked_mul(PAGE_SIZE).and_then(|bytes| address.checked_add(bytes));
        let kept = |end: u64| reserved::memory(address, end.saturating_sub(1)).is_some();
        if !fits || end.is_none_or(kept) || !self.machine.is_device_memory(first, pages) {
            return Err(Error::BadArgument);
        }
        self.memory().ensure_capacity(|objects| &mut objects.memories)?;
        let quota = self.objects.processes[self.objects.own(me)].accounts.quota;
        self.objects.quotas.charge(quota, Resource::Objects, 1)?;
        let object = MemoryObject { refs: 0, pages, storage: Storage::Device(first), quota };
        let made = self.objects.memories.insert(object).map(ObjectRef::Memory);
        self.grant_new(me, made.map_err(|_| Error::OutOfMemory))
    }

    pub(super) fn sys_map(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.changed_process(me, 0)?;
        let (memory, rights) = self.objects.memory_argument(me, 1)?;
        let request = MapRequest {
            memory,
            address: self.objects.argument(me, 2),
            first_page: self.objects.argument(me, 3),
            pages: self.objects.argument(me, 4),
            protection: protection(self.objects.argument(me, 5))?,
            rights,
        };
        let region = self.memory().add_region(process, &request)?;
        // Not by `start_operation`, which would look for the kind of operation.
        let progress = self.memory().map_piece(process, region, 0);
        self.operation_began(me, progress);
        Ok(Done::Elsewhere)
    }

    pub(super) fn sys_unmap(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.changed_process(me, 0)?;
        let (at, end) = user_range(self.objects.argument(me, 1), self.objects.argument(me, 2))?;
        self.claim_then_start(me, Claim { process, at, end, protection: None })
    }

    pub(super) fn sys_protect(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.changed_process(me, 0)?;
        let (at, end) = user_range(self.objects.argument(me, 1), self.objects.argument(me, 2))?;
        let protection = Some(protection(self.objects.argument(me, 3))?);
        self.claim_then_start(me, Claim { process, at, end, protection })
    }

    /// A claim of many regions has cut two of them, perhaps large pages too: it is long enough for
    /// one hold of the lock.
    fn claim_then_start(&mut self, me: ThreadId, claim: Claim) -> Result<Done, Error> {
        match self.memory().claim(claim)? {
            operation @ Operation::Claim { .. } => self.postpone_operation(me, operation),
            Operation::Unmap { process, at, end, status, within } => {
                let progress = self.memory().unmap_piece(process, at, end, status, within);
                self.operation_began(me, progress);
            }
            operation => self.start_operation(me, operation),
        }
        Ok(Done::Elsewhere)
    }
}

impl<M: Machine> Memory<'_, M> {
    pub(super) fn sys_memory_lend(&mut self, me: ThreadId) -> Result<Done, Error> {
        let (parent, rights) = self.objects.memory_argument(me, 0)?;
        let (first, pages) = (self.objects.argument(me, 1), self.objects.argument(me, 2));
        let lent = rights_for(protection(self.objects.argument(me, 3))?) | Rights::TRANSFER;
        self.objects.can_be_lent(parent, first, pages)?;
        if !rights.contains(lent) {
            return Err(Error::NoRight);
        }
        let own = self.objects.own(me);
        self.reserve_handles(own, 1)?;
        let quota = self.objects.processes[own].accounts.quota;
        let loan = self.new_loan(quota, parent, first, pages)?;
        // NOFAIL: the place was reserved.
        self.grant(own, ObjectRef::Memory(loan), lent | Rights::MANAGE, 0).map(Done::handle)
    }
}

impl<M: Machine> Objects<M> {
    pub(super) fn sys_memory_info(&mut self, me: ThreadId) -> Result<Done, Error> {
        let object = &self.memories[self.memory_argument(me, 0)?.0];
        Ok(Done::Values(object.pages, u64::from(object.is_device())))
    }

    pub(super) fn memory_argument(
        &self,
        me: ThreadId,
        index: usize,
    ) -> Result<(MemoryId, Rights), Error> {
        self.object(me, index, Rights::NONE).map(|(id, entry)| (id, entry.rights))
    }
}

fn protection(number: u64) -> Result<Protection, Error> {
    Protection::from_number(number).ok_or(Error::BadArgument)
}
