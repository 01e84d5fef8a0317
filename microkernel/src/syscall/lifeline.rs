//! Calls about the end of others: lifelines, and callers that stop waiting.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::mem::Memory;
use crate::object::{Lifeline, LifelineId, ObjectRef, Objects, Resource, ThreadId};
use abi::{Error, Rights};

/// Those that ask. They hold nothing.
const WATCH: Rights = Rights::WAIT.union(Rights::TRANSFER);
/// Those whose end is told.
const HOLDER: Rights = Rights::SIGNAL.union(Rights::TRANSFER);

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_calls_watch(&mut self, me: ThreadId) -> Result<Done, Error> {
        let watch = match self.objects.argument(me, 0) {
            0 => None,
            _ => Some((
                self.objects.notification(me, 0, Rights::SIGNAL)?,
                self.objects.argument(me, 1),
            )),
        };
        self.watch_calls(self.objects.own(me), watch);
        Ok(Done::NOTHING)
    }
}

impl<M: Machine> Memory<'_, M> {
    pub(super) fn sys_lifeline_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        let notification = self.objects.notification(me, 0, Rights::SIGNAL)?;
        let bits = self.objects.argument(me, 1);
        let own = self.objects.own(me);
        let quota = self.objects.processes[own].accounts.quota;
        self.ensure_capacity(|objects| &mut objects.lifelines)?;
        self.reserve_handles(own, 2)?;
        self.objects.quotas.charge(quota, Resource::Objects, 1)?;
        // Point of no return: room, places and payment are there.
        let lifeline = Lifeline { refs: 0, holders: 0, notification, bits, quota };
        // NOFAIL: room was checked above.
        let id = self.objects.lifelines.insert(lifeline).map_err(|_| Error::OutOfMemory)?;
        self.objects.notifications[notification].refs += 1;
        let object = ObjectRef::Lifeline(id);
        let watch = self.grant(own, object, WATCH, 0)?;
        let holder = self.grant(own, object, HOLDER, 0)?;
        Ok(Done::Values(u64::from(watch.0), u64::from(holder.0)))
    }
}

impl<M: Machine> Objects<M> {
    pub(super) fn sys_reply_waits(&mut self, me: ThreadId) -> Result<Done, Error> {
        let waits = self.awaiting(me, self.argument(me, 0)).is_some();
        Ok(Done::Values(u64::from(waits), 0))
    }

    pub(super) fn sys_lifeline_held(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id: LifelineId = self.id(me, 0, Rights::WAIT)?;
        Ok(Done::Values(u64::from(self.lifelines[id].holders > 0), 0))
    }
}
