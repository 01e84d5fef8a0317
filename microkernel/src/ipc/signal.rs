//! Signal: bits for whoever waits, receives or is diverted. Interrupts and timers end here.

use crate::exit::Work;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::object::{NotificationId, State, ThreadId};
use abi::Error;

impl<M: Machine> Kernel<M> {
    /// Sets bits and wakes whoever they are for.
    pub(crate) fn signal(&mut self, id: NotificationId, bits: u64) {
        if let Some(woken) = self.post(id, bits) {
            self.enqueue(woken);
        }
    }

    /// Sets bits. Whoever waited for them is ready, and to be enqueued by the caller.
    #[inline(always)]
    pub(crate) fn post(&mut self, id: NotificationId, bits: u64) -> Option<ThreadId> {
        let notification = &mut self.notifications[id];
        notification.bits |= bits;
        let nobody = notification.waiters.is_empty()
            & notification.bound.is_none()
            & notification.upcall.is_none();
        if nobody || notification.bits == 0 { None } else { self.tell(id) }
    }

    /// Brings a notification's bits to whoever they are for, as [`Kernel::post`] says.
    #[inline(never)]
    fn tell(&mut self, id: NotificationId) -> Option<ThreadId> {
        let notification = &mut self.notifications[id];
        let (waiter, bound, upcall) =
            (notification.waiters.first(), notification.bound, notification.upcall);
        if let Some(waiter) = waiter {
            let bits = core::mem::take(&mut notification.bits);
            self.detach(waiter);
            let frame = &mut self.threads[waiter].frame;
            frame.set_status(0);
            frame.set_values(bits, 0);
            self.threads[waiter].state = State::Ready;
            return Some(waiter);
        }
        if let Some(bound) = bound {
            if matches!(self.threads[bound].state, State::Receiving(_)) {
                self.detach(bound);
                self.take_bound_bits(bound);
                self.threads[bound].state = State::Ready;
                return Some(bound);
            }
        } else if let Some(thread) = upcall {
            self.recheck_upcall(thread);
        }
        None
    }

    /// Asks for a diversion when unmasked bits wait for the thread; cuts its wait short.
    pub(crate) fn recheck_upcall(&mut self, id: ThreadId) {
        if self.upcall_bits(id) == 0 {
            return;
        }
        let waits = matches!(
            self.threads[id].state,
            State::Sending(_)
                | State::Receiving(_)
                | State::AwaitReply(_)
                | State::Waiting(_)
                | State::Sleeping
        );
        self.set_thread_work(id, Work::Upcall);
        if waits && self.threads[id].fault.is_none() {
            self.unblock(id, Error::Interrupted as u64);
        }
    }

    /// The unmasked bits that wait to divert this thread.
    pub(crate) fn upcall_bits(&self, id: ThreadId) -> u64 {
        self.threads[id]
            .upcall
            .map_or(0, |upcall| self.notifications[upcall.notification].bits & !upcall.mask)
    }

    /// A device line interrupted; the machine has masked it.
    pub(crate) fn line_interrupt(&mut self, line: u8) {
        let Some(place) = self.lines.get(usize::from(line)) else { return };
        self.stats.irqs[usize::from(line)] += 1;
        if let Some(irq) = place {
            let irq = &self.irqs[*irq];
            let (notification, bits) = (irq.notification, irq.bits);
            self.signal(notification, bits);
        }
    }
}
