//! Handles: who names what, counted.

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::mem::Memory;
use crate::object::{
    EndpointId, Entry, IrqId, IrqSource, LifelineId, Named, NotificationId, ObjectRef, Objects,
    Operation, ProcessId, Resource,
};
use crate::time::timer_key;
use abi::{Error, Handle, Rights};

impl<M: Machine> Kernel<M> {
    /// Closes a handle: the operation that its end starts, if one.
    pub(crate) fn close(
        &mut self,
        process: ProcessId,
        handle: Handle,
    ) -> Result<Option<Operation>, Error> {
        let taken =
            self.objects.processes[process].handles.remove(&mut self.objects.chunks, handle)?;
        Ok(self.forget(process, taken.0))
    }

    /// An entry was taken out of a table: the operation that its end starts, if one: a loan is
    /// taken back, a large object is taken apart.
    #[must_use = "it must be done"]
    pub(crate) fn forget(&mut self, process: ProcessId, entry: Entry) -> Option<Operation> {
        let revocation = self.objects.revocation(&entry);
        self.objects.uncount(process);
        let ObjectRef::Memory(memory) = entry.object else {
            self.release(entry.object, entry.rights);
            return None;
        };
        // A revocation holds a name of its own: only one of the two can be.
        let left = self.memory().release_memory(memory);
        revocation.or(left)
    }

    /// One handle fewer names the object; the last one ends it.
    pub(crate) fn release(&mut self, object: ObjectRef, rights: Rights) {
        match object {
            ObjectRef::Endpoint(id) => self.release_endpoint(id, rights.contains(Rights::RECEIVE)),
            ObjectRef::Notification(id) => self.release_notification(id),
            ObjectRef::Memory(id) => {
                let left = self.memory().release_memory(id);
                self.memory().finish_release(left);
            }
            ObjectRef::Process(id) => {
                self.objects.processes[id].refs -= 1;
                self.end_if_unreachable(id);
                self.objects.free_process(id);
            }
            ObjectRef::Thread(id) => {
                self.objects.threads[id].refs -= 1;
                self.free_thread(id);
            }
            ObjectRef::Timer(id) => {
                self.objects.timers[id].refs -= 1;
                if self.objects.timers[id].refs == 0 {
                    self.sched().cancel_deadline(timer_key(id));
                    if let Some(timer) = self.objects.timers.remove(id) {
                        self.release_notification(timer.notification);
                        self.objects.quotas.give_back(timer.quota, Resource::Objects, 1);
                    }
                }
            }
            ObjectRef::Lifeline(id) => {
                self.release_lifeline(id, rights.contains(Rights::SIGNAL));
            }
            ObjectRef::Irq(id) => self.release_irq(id),
            ObjectRef::IoSpace(id) => {
                self.objects.release_io_space(id, rights.contains(Rights::MANAGE));
            }
            ObjectRef::Port(id) => {
                self.objects.ports[id].refs -= 1;
                if self.objects.ports[id].refs == 0
                    && let Some(ports) = self.objects.ports.remove(id)
                {
                    self.objects.quotas.give_back(ports.quota, Resource::Objects, 1);
                }
            }
            ObjectRef::SchedContext(id) => self.objects.release_context(id),
            ObjectRef::Resource => {}
        }
    }

    /// One name of an endpoint fewer. Without receivers it is dead, and its waiting threads are released.
    pub(crate) fn release_endpoint(&mut self, id: EndpointId, receiver: bool) {
        let endpoint = &mut self.objects.endpoints[id];
        endpoint.refs -= 1;
        endpoint.receive_refs -= u32::from(receiver);
        if endpoint.dead() && !endpoint.ended {
            self.end_endpoint(id);
        }
        self.objects.free_endpoint(id);
    }

    /// One name of a lifeline fewer. The end of the last holder is signalled once: no handle can
    /// become a holder again.
    fn release_lifeline(&mut self, id: LifelineId, holder: bool) {
        let lifeline = &mut self.objects.lifelines[id];
        lifeline.refs -= 1;
        lifeline.holders -= u32::from(holder);
        let (ended, unnamed) = (holder && lifeline.holders == 0, lifeline.refs == 0);
        let (notification, bits, quota) = (lifeline.notification, lifeline.bits, lifeline.quota);
        if unnamed {
            self.objects.lifelines.discard(id);
            self.objects.quotas.give_back(quota, Resource::Objects, 1);
        }
        if ended {
            self.signal(notification, bits);
        }
        if unnamed {
            self.release_notification(notification);
        }
    }

    /// One name of a notification fewer.
    pub(crate) fn release_notification(&mut self, id: NotificationId) {
        self.objects.notifications[id].refs -= 1;
        if self.objects.notifications[id].refs == 0 {
            self.end_notification(id);
        }
    }

    /// One name of an interrupt fewer. The last one ends it: its line is masked, its message is free.
    fn release_irq(&mut self, id: IrqId) {
        self.objects.irqs[id].refs -= 1;
        if self.objects.irqs[id].refs == 0
            && let Some(irq) = self.objects.irqs.remove(id)
        {
            match irq.source {
                IrqSource::Line(line) => {
                    self.machine.mask_line(line);
                    self.objects.lines[usize::from(line)] = None;
                }
                IrqSource::Message(cpu, number) => self.objects.messages.take_back(cpu, number),
            }
            self.release_notification(irq.notification);
            self.objects.quotas.give_back(irq.quota, Resource::Objects, 1);
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Gives a process a handle, paid for by it.
    pub(crate) fn grant(
        &mut self,
        process: ProcessId,
        object: ObjectRef,
        rights: Rights,
        badge: u64,
    ) -> Result<Handle, Error> {
        let quota = self.objects.processes[process].accounts.quota;
        self.objects.quotas.charge(quota, Resource::Handles, 1)?;
        let entry = Entry { object, rights, badge };
        let placed =
            match self.objects.processes[process].handles.insert(&mut self.objects.chunks, entry) {
                Err(Error::OutOfMemory) => self.place_in_new_chunk(process, entry),
                placed => placed,
            };
        match placed {
            Ok(handle) => {
                self.objects.handle_count += 1;
                self.objects.retain(object, rights);
                Ok(handle)
            }
            Err(error) => {
                self.objects.quotas.give_back(quota, Resource::Handles, 1);
                Err(error)
            }
        }
    }

    #[cold]
    fn place_in_new_chunk(&mut self, process: ProcessId, entry: Entry) -> Result<Handle, Error> {
        self.grow(|objects| &mut objects.chunks)?;
        self.objects.processes[process].handles.insert(&mut self.objects.chunks, entry)
    }

    /// Makes sure that the process can be granted `count` handles.
    pub(crate) fn reserve_handles(
        &mut self,
        process: ProcessId,
        count: usize,
    ) -> Result<(), Error> {
        let left = self
            .objects
            .quotas
            .left(self.objects.processes[process].accounts.quota, Resource::Handles);
        if (left as usize) < count {
            return Err(Error::QuotaExceeded);
        }
        loop {
            match self.objects.processes[process].handles.reserve(&mut self.objects.chunks, count) {
                Err(Error::OutOfMemory) => self.grow(|objects| &mut objects.chunks)?,
                reserved => break reserved,
            }
        }
    }
}

impl<M: Machine> Objects<M> {
    /// The entry of a handle of this process.
    #[inline(always)]
    pub(crate) fn lookup(&self, process: ProcessId, handle: Handle) -> Result<Entry, Error> {
        self.processes[process].handles.get(&self.chunks, handle)
    }

    /// The object of this kind behind a handle that has these rights, and the handle's entry.
    #[inline(always)]
    pub(crate) fn named<I: Named>(
        &self,
        process: ProcessId,
        handle: Handle,
        rights: Rights,
    ) -> Result<(I, Entry), Error> {
        let entry = self.lookup(process, handle)?;
        let id = I::of(entry.object).ok_or(Error::WrongKind)?;
        if entry.rights.contains(rights) { Ok((id, entry)) } else { Err(Error::NoRight) }
    }

    /// One handle fewer in a table.
    fn uncount(&mut self, process: ProcessId) {
        self.handle_count -= 1;
        self.quotas.give_back(self.processes[process].accounts.quota, Resource::Handles, 1);
    }

    /// Takes a handle that is no lender's out of a table. Its object is still counted: the
    /// caller releases it.
    pub(crate) fn take_handle(
        &mut self,
        process: ProcessId,
        handle: Handle,
    ) -> Result<Entry, Error> {
        let taken = self.processes[process].handles.remove(&mut self.chunks, handle)?;
        self.uncount(process);
        Ok(taken.0)
    }

    /// One more handle names the object.
    pub(crate) fn retain(&mut self, object: ObjectRef, rights: Rights) {
        match object {
            ObjectRef::Endpoint(id) => {
                let endpoint = &mut self.endpoints[id];
                endpoint.refs += 1;
                endpoint.receive_refs += u32::from(rights.contains(Rights::RECEIVE));
            }
            ObjectRef::Notification(id) => self.notifications[id].refs += 1,
            ObjectRef::Memory(id) => self.memories[id].refs += 1,
            ObjectRef::Process(id) => self.processes[id].refs += 1,
            ObjectRef::Thread(id) => self.threads[id].refs += 1,
            ObjectRef::Timer(id) => self.timers[id].refs += 1,
            ObjectRef::Lifeline(id) => {
                let lifeline = &mut self.lifelines[id];
                lifeline.refs += 1;
                lifeline.holders += u32::from(rights.contains(Rights::SIGNAL));
            }
            ObjectRef::Irq(id) => self.irqs[id].refs += 1,
            ObjectRef::IoSpace(id) => {
                let space = &mut self.io_spaces[id];
                space.refs += 1;
                space.managers += u32::from(rights.contains(Rights::MANAGE));
            }
            ObjectRef::Port(id) => self.ports[id].refs += 1,
            ObjectRef::SchedContext(id) => self.sched_contexts[id].refs += 1,
            ObjectRef::Resource => {}
        }
    }

    /// No handle names the first program, so it gets a reference of its own.
    pub(crate) fn retain_process(&mut self, process: ProcessId) {
        self.retain(ObjectRef::Process(process), Rights::NONE);
    }
}
