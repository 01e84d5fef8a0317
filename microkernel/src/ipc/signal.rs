//! Signal: bits for the thread that waits, receives or has an upcall.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::object::{Notification, NotificationId, Objects, State, ThreadId};
use crate::sched::NextThread;
use crate::time::thread_key;
use crate::work::Work;
use abi::Error;

impl<M: Machine> Kernel<M> {
    /// Sets bits and wakes the thread that they are for.
    pub(crate) fn signal(&mut self, id: NotificationId, bits: u64) {
        if let Some(woken) = self.post(id, bits) {
            self.sched().enqueue(woken);
        }
    }

    /// The same from an interrupt or timer: a thread of higher priority preempts at once, unless
    /// the current thread has pending work, which this iteration of the exit loop may already have
    /// read.
    pub(crate) fn signal_and_preempt(
        &mut self,
        cpu: CpuId,
        id: NotificationId,
        bits: u64,
    ) -> NextThread {
        let current = self.cpu(cpu).current;
        if current.is_none_or(|current| self.objects.threads[current].work.0 != 0) {
            self.signal(id, bits);
            return NextThread::Same;
        }
        self.post(id, bits).map_or(NextThread::Same, NextThread::Woken)
    }

    /// Sets bits. Returns the thread that waited for them: it is ready, and the caller enqueues it.
    #[inline(always)]
    pub(crate) fn post(&mut self, id: NotificationId, bits: u64) -> Option<ThreadId> {
        let notification = &mut self.objects.notifications[id];
        notification.bits |= bits;
        if notification.bits == 0 {
            return None;
        }
        let Some(waiter) = notification.waiters.first() else {
            let others = notification.bound.is_some() | notification.upcall.is_some();
            return if others { self.tell(id) } else { None };
        };
        let thread = &mut self.objects.threads[waiter];
        let left = notification.waiters.take_out(&mut thread.links);
        thread.frame.set_status(0);
        thread.frame.set_values(core::mem::take(&mut notification.bits), 0);
        thread.state = State::Ready;
        if left.is_open() {
            left.close(&mut self.objects.threads);
        }
        self.sched().cancel_deadline(thread_key(waiter));
        Some(waiter)
    }

    /// Brings the bits of a notification without waiters to the thread that it is bound to, or
    /// that has an upcall for it.
    #[inline(never)]
    fn tell(&mut self, id: NotificationId) -> Option<ThreadId> {
        let Notification { bound, upcall, .. } = self.objects.notifications[id];
        if let Some(bound) = bound
            && matches!(self.objects.threads[bound].state, State::Receiving(_))
        {
            self.detach(bound);
            self.objects.take_bound_bits(bound);
            self.objects.threads[bound].state = State::Ready;
            return Some(bound);
        }
        // One that is bound and diverted by the same bits waits for something else.
        if let Some(thread) = upcall {
            self.recheck_upcall(thread);
        }
        None
    }

    /// Asks for a diversion when unmasked bits wait for the thread; cuts its wait short.
    pub(crate) fn recheck_upcall(&mut self, id: ThreadId) {
        if self.objects.upcall_bits(id) == 0 {
            return;
        }
        let waits = matches!(
            self.objects.threads[id].state,
            State::Sending(_)
                | State::Receiving(_)
                | State::AwaitReply(_)
                | State::Waiting(_)
                | State::Sleeping
        );
        self.sched().set_thread_work(id, Work::Upcall);
        if waits && self.objects.threads[id].faults.unanswered.is_none() {
            self.unblock(id, Error::Interrupted as u64);
        }
    }
}

impl<M: Machine> Objects<M> {
    /// The unmasked bits that wait to divert this thread.
    pub(crate) fn upcall_bits(&self, id: ThreadId) -> u64 {
        self.threads[id]
            .upcall
            .map_or(0, |upcall| self.notifications[upcall.notification].bits & !upcall.mask)
    }
}
