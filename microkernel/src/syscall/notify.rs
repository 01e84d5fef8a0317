//! Calls on notifications, upcalls and timers.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::object::{NotificationId, ObjectRef, Objects, ThreadId, Timer, Upcall};
use crate::sched::NextThread;
use crate::sched::Sched;
use crate::time::timer_key;
use abi::{Error, FOREVER, Rights, USER_END};

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_signal(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.notification(me, 0, Rights::SIGNAL)?;
        // Nothing fails from here on, and the caller is at hand.
        let frame = &mut self.objects.threads[me].frame;
        let bits = frame.argument(1);
        frame.set_status(0);
        frame.set_values(0, 0);
        Ok(self
            .post(id, bits)
            .map_or(Done::Elsewhere, |woken| Done::Next(NextThread::Woken(woken))))
    }

    pub(super) fn sys_bind(&mut self, me: ThreadId) -> Result<Done, Error> {
        if self.objects.argument(me, 0) == 0 {
            self.bind(me, None);
            return Ok(Done::NOTHING);
        }
        let id = self.objects.notification(me, 0, Rights::WAIT)?;
        self.objects.free_for(me, id)?;
        self.bind(me, Some(id));
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_upcall_register(&mut self, me: ThreadId) -> Result<Done, Error> {
        if self.objects.argument(me, 0) == 0 {
            self.set_upcall(me, None);
            return Ok(Done::NOTHING);
        }
        let notification = self.objects.notification(me, 0, Rights::WAIT)?;
        let [entry, stack_top, mask, stack_bytes, stack_bits] =
            [1, 2, 3, 4, 5].map(|index| self.objects.argument(me, index));
        if entry >= USER_END || stack_top >= USER_END {
            return Err(Error::BadAddress);
        }
        self.objects.free_for(me, notification)?;
        let stack_bits = if stack_bits == 0 { u64::MAX } else { stack_bits };
        let upcall = Upcall { notification, entry, stack_top, stack_bytes, stack_bits, mask };
        self.set_upcall(me, Some(upcall));
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_upcall_mask(&mut self, me: ThreadId) -> Result<Done, Error> {
        if self.objects.threads[me].upcall.is_none() {
            return Err(Error::BadState);
        }
        let old = self.set_upcall_mask(me, self.objects.argument(me, 0));
        Ok(Done::Values(old, 0))
    }

    pub(super) fn sys_upcall_return(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.upcall_return(me, self.objects.argument(me, 0))?;
        Ok(Done::Elsewhere)
    }

    pub(super) fn sys_timer_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        let notification = self.objects.notification(me, 0, Rights::SIGNAL)?;
        let bits = self.objects.argument(me, 1);
        self.ensure_timer_capacity()?;
        let quota = self.objects.pay_for_object(me)?;
        let made = self.objects.timers.insert(Timer { refs: 0, notification, bits, quota });
        if made.is_ok() {
            self.objects.notifications[notification].refs += 1;
        }
        self.grant_new(me, made.map(ObjectRef::Timer))
    }
}

impl<M: Machine> Sched<'_, M> {
    pub(super) fn sys_wait(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.notification(me, 0, Rights::WAIT)?;
        self.wait(me, id, self.objects.argument(me, 1))
    }

    pub(super) fn sys_timer_arm(&mut self, me: ThreadId) -> Result<Done, Error> {
        let key = timer_key(self.objects.id(me, 0, Rights::MANAGE)?);
        match self.objects.argument(me, 1) {
            FOREVER => self.cancel_deadline(key),
            deadline_ns => self.put_deadline(key, deadline_ns),
        }
        Ok(Done::NOTHING)
    }
}

impl<M: Machine> Objects<M> {
    /// The notification behind a handle argument.
    #[inline(always)]
    pub(super) fn notification(
        &self,
        me: ThreadId,
        index: usize,
        rights: Rights,
    ) -> Result<NotificationId, Error> {
        let thread = &self.threads[me];
        let handle = self.handle_argument(me, index);
        let table = &self.processes[thread.process].handles;
        let found = handle.ok().and_then(|handle| table.notification(&self.chunks, handle, rights));
        match found {
            Some((id, _)) => Ok(id),
            None => Err(self.no_notification(me, index, rights)),
        }
    }

    /// Why the argument names no notification with these rights.
    #[cold]
    fn no_notification(&self, me: ThreadId, index: usize, rights: Rights) -> Error {
        self.id::<NotificationId>(me, index, rights).err().unwrap_or(Error::WrongKind)
    }

    /// A notification serves one thread, as its bound or its upcall notification.
    fn free_for(&self, me: ThreadId, id: NotificationId) -> Result<(), Error> {
        let notification = &self.notifications[id];
        let other = |thread: Option<ThreadId>| thread.is_some_and(|thread| thread != me);
        if other(notification.bound) || other(notification.upcall) {
            return Err(Error::BadState);
        }
        Ok(())
    }
}
