//! Calls on handles.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::mem::Memory;
use crate::object::{
    Endpoint, Entry, Named, Notification, ObjectRef, Objects, QuotaId, Resource, ThreadId,
};
use abi::{Error, OWN_PROCESS, Rights};

/// Whether any badge may be put on what is sent with this handle.
pub(super) fn may_mint(entry: &Entry) -> bool {
    entry.rights.contains(Rights::MINT) && entry.badge == 0
}

/// A badge for what is sent with this handle: its own, also for 0, or any where it may mint.
pub(super) fn badge_with(entry: &Entry, badge: u64) -> Result<u64, Error> {
    match badge {
        0 => Ok(entry.badge),
        _ if badge == entry.badge || may_mint(entry) => Ok(badge),
        _ => Err(Error::NoRight),
    }
}

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_handle_close(&mut self, me: ThreadId) -> Result<Done, Error> {
        let handle = self.objects.handle_argument(me, 0)?;
        let Some(revocation) = self.close(self.objects.own(me), handle)? else {
            return Ok(Done::NOTHING);
        };
        self.start_operation(me, revocation);
        Ok(Done::Elsewhere)
    }

    pub(super) fn sys_endpoint_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.memory().ensure_capacity(|objects| &mut objects.endpoints)?;
        let quota = self.objects.pay_for_object(me)?;
        let made = self.objects.endpoints.insert(Endpoint::new(quota));
        self.grant_new(me, made.map(ObjectRef::Endpoint))
    }

    pub(super) fn sys_notification_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.memory().ensure_capacity(|objects| &mut objects.notifications)?;
        let quota = self.objects.pay_for_object(me)?;
        let made = self.objects.notifications.insert(Notification::new(quota));
        self.grant_new(me, made.map(ObjectRef::Notification))
    }

    /// Gives the caller the first handle of an object that was just made and paid for.
    /// Without a place for it the object goes again.
    pub(super) fn grant_new(
        &mut self,
        me: ThreadId,
        made: Result<ObjectRef, impl Sized>,
    ) -> Result<Done, Error> {
        let process = self.objects.own(me);
        let Ok(object) = made else {
            let quota = self.objects.processes[process].accounts.quota;
            self.objects.quotas.give_back(quota, Resource::Objects, 1);
            return Err(Error::OutOfMemory);
        };
        // One more name, so that a refused handle takes the object along.
        self.objects.retain(object, Rights::NONE);
        let granted = self.memory().grant(process, object, Rights::ALL, 0);
        self.release(object, Rights::NONE);
        granted.map(Done::handle)
    }
}

impl<M: Machine> Memory<'_, M> {
    pub(super) fn sys_handle_copy(&mut self, me: ThreadId) -> Result<Done, Error> {
        let copy = self.objects.derive(me, 0)?;
        let own = self.objects.own(me);
        self.grant(own, copy.object, copy.rights, copy.badge).map(Done::handle)
    }

    pub(super) fn sys_handle_give(&mut self, me: ThreadId) -> Result<Done, Error> {
        let target = self.objects.managed_process(me, 0)?;
        let copy = self.objects.derive(me, 1)?;
        self.objects.living(target)?;
        self.grant(target, copy.object, copy.rights, copy.badge).map(Done::handle)
    }
}

impl<M: Machine> Objects<M> {
    pub(super) fn sys_handle_info(&mut self, me: ThreadId) -> Result<Done, Error> {
        let own = self.own(me);
        let entry = self.lookup(own, self.handle_argument(me, 0)?)?;
        let is_own = matches!(entry.object, ObjectRef::Process(id) if id == own);
        let kind = entry.object.kind() as u64 | if is_own { OWN_PROCESS } else { 0 };
        Ok(Done::Values(kind, u64::from(entry.rights.bits())))
    }

    /// The copy of a handle that three arguments from `at` on ask for: the handle, its rights,
    /// which are no more than it has, and its badge where it may have one.
    fn derive(&self, me: ThreadId, at: usize) -> Result<Entry, Error> {
        let entry = self.lookup(self.own(me), self.handle_argument(me, at)?)?;
        let [rights, badge] = [at + 1, at + 2].map(|at| self.argument(me, at));
        if !entry.rights.contains(Rights::TRANSFER) {
            return Err(Error::NoRight);
        }
        let rights =
            Rights::from_bits_retain(u16::try_from(rights).map_err(|_| Error::BadArgument)?);
        let badge = badge_with(&entry, badge)?;
        Ok(Entry { rights: self.copied_rights(&entry, rights), badge, ..entry })
    }

    /// Charges one object to the caller's process. Returns the account.
    pub(super) fn pay_for_object(&mut self, me: ThreadId) -> Result<QuotaId, Error> {
        let quota = self.processes[self.own(me)].accounts.quota;
        self.quotas.charge(quota, Resource::Objects, 1)?;
        Ok(quota)
    }

    /// The object behind a handle argument that has these rights, and the handle's entry.
    pub(super) fn object<I: Named>(
        &self,
        me: ThreadId,
        index: usize,
        rights: Rights,
    ) -> Result<(I, Entry), Error> {
        self.named(self.own(me), self.handle_argument(me, index)?, rights)
    }

    /// The object alone.
    pub(super) fn id<I: Named>(
        &self,
        me: ThreadId,
        index: usize,
        rights: Rights,
    ) -> Result<I, Error> {
        self.object(me, index, rights).map(|(id, _)| id)
    }
}
