//! Calls on threads.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::object::{ObjectRef, Objects, State, ThreadId};
use crate::sched::Sched;
use crate::work::Work;
use abi::{Error, Rights, ThreadMode};

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_yield(&mut self, me: ThreadId) -> Result<Done, Error> {
        let frame = &mut self.objects.threads[me].frame;
        frame.set_status(0);
        frame.set_values(0, 0);
        Ok(Done::Next(self.sched().yield_turn(me)))
    }

    pub(super) fn sys_thread_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.changed_process(me, 0)?;
        self.objects.living(process)?;
        let own = self.objects.own(me);
        let priority = self.objects.priority_for(own, self.objects.argument(me, 4))?;
        let priority = self.objects.priority_for(process, u64::from(priority))?;
        self.memory().reserve_handles(own, 1)?;
        let mode =
            ThreadMode::from_number(self.objects.argument(me, 5)).ok_or(Error::BadArgument)?;
        let [entry, stack, argument] = [1, 2, 3].map(|index| self.objects.argument(me, index));
        let frame = M::Frame::start(mode, entry, stack, argument);
        let cpu = self.machine.this_cpu();
        let thread = self.new_thread(process, frame, priority, cpu)?;
        let granted = self.memory().grant(own, ObjectRef::Thread(thread), Rights::ALL, 0);
        if granted.is_err() {
            // It never ran: it has nothing to take back.
            let _nothing = self.kill_thread(thread);
        }
        granted.map(Done::handle)
    }

    /// The last thread of a living process takes the process along, with status 0.
    pub(super) fn sys_thread_kill(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.thread_argument(me, 0)?;
        let process = self.objects.threads[id].process;
        // What is current is still looked at below and on the way out.
        self.objects.threads[id].refs += 1;
        let unfinished = self.kill_thread(id);
        if self.objects.processes[process].members.list.is_empty() {
            self.kill_process(process, 0);
        }
        self.release(ObjectRef::Thread(id), Rights::NONE);
        match unfinished {
            // No other thread is left to revoke it.
            Some(revocation) if id != me => self.start_operation(me, revocation),
            _ if id != me => return Ok(Done::NOTHING),
            _ => {}
        }
        Ok(Done::Elsewhere)
    }
}

impl<M: Machine> Sched<'_, M> {
    pub(super) fn sys_thread_resume(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.thread_argument(me, 0)?;
        let thread = &mut self.objects.threads[id];
        thread.suspended = false;
        if thread.state == State::Inactive {
            thread.state = State::Ready;
        }
        if thread.state == State::Ready {
            self.enqueue(id);
        }
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_thread_suspend(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.thread_argument(me, 0)?;
        self.objects.threads[id].suspended = true;
        self.dequeue(id);
        self.set_thread_work(id, Work::Stop);
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_thread_priority(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.thread_argument(me, 0)?;
        let priority =
            self.objects.priority_for(self.objects.own(me), self.objects.argument(me, 1))?;
        let priority =
            self.objects.priority_for(self.objects.threads[id].process, u64::from(priority))?;
        self.update_sched_params(id, |thread| thread.sched.base = priority);
        self.update_sched_params_below(id);
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_thread_clock(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.thread_argument(me, 0)?;
        let hidden = match self.objects.argument(me, 1) {
            0 => true,
            1 => false,
            _ => return Err(Error::BadArgument),
        };
        let was = core::mem::replace(&mut self.objects.threads[id].registers.no_clock, hidden);
        if hidden {
            self.set_thread_work(id, Work::UserValues);
        } else {
            self.objects.threads[id].work.0 &= !Work::UserValues.flag();
        }
        Ok(Done::Values(u64::from(!was), 0))
    }
}

impl<M: Machine> Objects<M> {
    /// The thread behind a handle argument; 0 is the caller.
    pub(super) fn thread_argument(&self, me: ThreadId, index: usize) -> Result<ThreadId, Error> {
        if self.argument(me, index) == 0 {
            return Ok(me);
        }
        let id = self.id(me, index, Rights::MANAGE)?;
        if self.threads[id].dead { Err(Error::PeerDied) } else { Ok(id) }
    }
}
