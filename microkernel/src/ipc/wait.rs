//! Waiting: for bits, for a moment; and what happens when the deadline comes first.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::object::{IpcBuffer, NotificationId, State, ThreadId};
use crate::sched::NextThread;
use crate::sched::Sched;
use crate::syscall::Done;
use crate::time::{Whose, whose};
use abi::Error;

impl<M: Machine> Kernel<M> {
    /// A deadline came: a timer signals, a context has its next budget, a waiting thread is told.
    pub(crate) fn deadline_passed(&mut self, cpu: CpuId, key: usize) -> NextThread {
        match whose(key) {
            Whose::Timer(slot) => return self.timer_passed(cpu, slot),
            Whose::Thread(slot) => self.wait_timed_out(slot),
            Whose::Context(slot) => {
                if let Some(id) = self.objects.sched_contexts.id_at(slot) {
                    self.sched().budget_due(id);
                }
            }
        }
        NextThread::Same
    }

    fn timer_passed(&mut self, cpu: CpuId, slot: usize) -> NextThread {
        match self.objects.timers.at(slot) {
            Some((_, timer)) => self.signal_and_preempt(cpu, timer.notification, timer.bits),
            None => NextThread::Same,
        }
    }

    fn wait_timed_out(&mut self, slot: usize) {
        let Some((id, thread)) = self.objects.threads.at(slot) else { return };
        match thread.state {
            State::Sleeping => self.unblock(id, 0),
            State::Ready | State::Inactive | State::Detached => {}
            _ => self.unblock(id, Error::TimedOut as u64),
        }
    }
}

impl<M: Machine> Sched<'_, M> {
    /// `Wait`: takes the bits that are set, or waits for some.
    pub(crate) fn wait(
        &mut self,
        me: ThreadId,
        id: NotificationId,
        deadline_ns: u64,
    ) -> Result<Done, Error> {
        let notification = &mut self.objects.notifications[id];
        let bits = core::mem::take(&mut notification.bits);
        if bits != 0 {
            return Ok(Done::Values(bits, 0));
        }
        if deadline_ns == 0 {
            return Err(Error::WouldBlock);
        }
        let thread = &mut self.objects.threads[me];
        thread.state = State::Waiting(id);
        let joined = notification.waiters.put_last(me, &mut thread.links);
        if joined.is_open() {
            joined.close(&mut self.objects.threads);
        }
        self.set_deadline(me, deadline_ns);
        Ok(Done::Next(NextThread::Blocked))
    }

    /// `Sleep`.
    pub(crate) fn sys_sleep(&mut self, me: ThreadId) -> Result<Done, Error> {
        let deadline_ns = self.objects.threads[me].frame.argument(0);
        if deadline_ns <= self.machine.now_ns() {
            return Ok(Done::Values(0, 0));
        }
        self.objects.threads[me].state = State::Sleeping;
        self.set_deadline(me, deadline_ns);
        Ok(Done::Next(NextThread::Blocked))
    }

    /// Sets the deadline again of a thread that was taken out of a queue and put back.
    pub(crate) fn rearm(&mut self, id: ThreadId) {
        let deadline = self.objects.message_deadline(id);
        self.set_deadline(id, deadline);
    }

    /// Ends the wait of a thread that was taken out of its queue already.
    pub(crate) fn unblock_detached(&mut self, id: ThreadId, error: Error) {
        let thread = &mut self.objects.threads[id];
        thread.ipc.buffer = IpcBuffer::Nothing;
        thread.frame.set_status(error as u64);
        self.ready(id);
    }
}
