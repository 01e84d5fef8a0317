//! Death: threads at once, processes in pieces.

use crate::cpu::Context;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::mem::Memory;
use crate::object::{
    By, FIRST_PID, IpcBuffer, Life, Objects, Operation, ProcessId, Resource, State, ThreadId,
};
use crate::sched::Sched;
use crate::time::thread_key;
use crate::work::Work;
use abi::{Error, KILLED, exit_code};

/// Steps of one piece of taking a process apart.
const STEPS_PER_PIECE: usize = 8;
/// Table frames given back in one piece: each is looked for through 512 entries a level.
const TABLES_PER_PIECE: usize = 2;

impl<M: Machine> Kernel<M> {
    /// Ends a thread. Handles still name it, but it never runs again. A loan that it was taking
    /// back is the caller's to take back.
    #[must_use = "the loan would never be revoked"]
    pub(crate) fn kill_thread(&mut self, id: ThreadId) -> Option<Operation> {
        if self.objects.threads[id].dead {
            return None;
        }
        self.sched().settle_thread(id);
        if self.objects.threads[id].sched.timed {
            self.sched().leave_contexts(id);
        }
        self.abandon(id);
        self.detach(id);
        self.set_upcall(id, None);
        self.bind(id, None);
        self.drop_vector(id);
        let operation = self.objects.threads[id].operation.take();
        let unfinished = operation.and_then(|operation| self.memory().drop_operation(operation));
        let thread = &mut self.objects.threads[id];
        thread.dead = true;
        // It waits for nothing any more: an old reply token must not find it.
        thread.state = State::Inactive;
        thread.faults.unanswered = None;
        thread.faults.raised = None;
        thread.work.0 = 0;
        let process = thread.process;
        self.sched().charge_share(id);
        let owner = &mut self.objects.processes[process];
        owner.members.count -= 1;
        owner.members.list.remove(&mut self.objects.threads, id, By::Sibling);
        self.objects.quotas.give_back(owner.accounts.quota, Resource::Threads, 1);
        self.sched().leave_cpu(id);
        self.free_thread(id);
        unfinished
    }

    /// Frees a dead thread that no handle names and no CPU runs.
    pub(crate) fn free_thread(&mut self, id: ThreadId) {
        let thread = &self.objects.threads[id];
        if thread.dead && thread.refs == 0 && !self.sched.on_cpu(&self.objects.threads, id) {
            self.objects.threads.discard(id);
        }
    }

    /// Ends a process: no thread of it runs from now on; the exit loop does the rest.
    pub(crate) fn kill_process(&mut self, id: ProcessId, status: u64) {
        let process = &mut self.objects.processes[id];
        if process.life != Life::Alive {
            return;
        }
        process.status = status;
        self.report_dropped(id);
        self.objects.begin_end_of_child(id);
        self.objects.processes[id].life = Life::Dying;
        self.sched().stop_running(id, Work::Kill);
        self.objects.dying.add(&mut self.objects.processes, id);
        self.objects.living -= 1;
        self.sched().find_reaper();
        if self.objects.processes[id].pid == FIRST_PID {
            self.shutdown.get_or_insert(exit_code::INIT_DIED);
        }
    }

    /// A process that no handle names any more ends: no program could see or end it. Handles
    /// to its threads do not count, since they do not show the process.
    pub(crate) fn end_if_unreachable(&mut self, id: ProcessId) {
        if self.objects.processes.get(id).is_some_and(|process| process.refs == 0) {
            self.kill_process(id, KILLED);
        }
    }

    /// A bounded piece of taking the most urgent dead process apart.
    pub(crate) fn reap_piece(&mut self) {
        let Some(dying) = self.objects.dying.first() else { return };
        let id = self.objects.first_to_reap(dying);
        for _ in 0..STEPS_PER_PIECE {
            if let Some(child) = self.objects.processes[id].family.living {
                return self.kill_process(child, KILLED);
            }
            if let Some(revocation) = self.objects.processes[id].teardown.revoking.take() {
                self.objects.processes[id].teardown.revoking = self.piece_alone(revocation);
                return;
            }
            if !self.reap_step(id) {
                return self.reap_space(id);
            }
        }
    }

    /// A piece of a mapping, or some tables; at last the end.
    fn reap_space(&mut self, id: ProcessId) {
        if let Some(region) =
            self.objects.processes[id].space.regions.first_from(&self.objects.regions, 0)
        {
            self.memory().reap_region(id, region);
        } else if self.memory().reap_tables(id) {
            self.reap_end(id);
        }
    }

    /// One thread, caller or handle. False when none is left.
    fn reap_step(&mut self, id: ProcessId) -> bool {
        let process = &mut self.objects.processes[id];
        if let Some(thread) = process.members.list.first() {
            self.objects.processes[id].teardown.revoking = self.kill_thread(thread);
        } else if let Some(caller) = process.ipc.callers.first() {
            // It was received: how much of it was done is not known any more.
            self.unblock(caller, Error::OutcomeUnknown as u64);
        } else if let Some(step) = process.handles.drain(&mut self.objects.chunks) {
            if let Some(taken) = step {
                self.objects.processes[id].teardown.revoking = self.forget(id, taken.0);
            }
        } else {
            return false;
        }
        true
    }

    /// Everything was given back: the account closes and the death is signalled.
    fn reap_end(&mut self, id: ProcessId) {
        let process = &mut self.objects.processes[id];
        let quota = process.accounts.quota;
        let (handler, death) =
            (process.supervision.fault_handler.take(), process.supervision.death.take());
        self.objects.finish_end_of_child(id);
        self.objects.processes[id].life = Life::Dead;
        self.objects.dying.remove(&mut self.objects.processes, id);
        self.objects.quotas.close(quota);
        self.end_watch(id);
        self.watch_calls(id, None);
        if let Some((endpoint, _)) = handler {
            self.release_endpoint(endpoint, false);
        }
        if let Some((notification, bits)) = death {
            self.signal(notification, bits);
            self.release_notification(notification);
        }
        self.objects.free_process(id);
        self.sched().find_reaper();
    }

    /// Takes a thread out of whatever it is in. The caller gives it its next state.
    pub(crate) fn detach(&mut self, id: ThreadId) {
        self.sched().cancel_deadline(thread_key(id));
        match self.objects.unlink(id) {
            State::Ready => self.sched().dequeue(id),
            State::AwaitReply(_) if self.objects.threads[id].sched.lent_to.is_some() => {
                self.sched().take_back_time(id);
            }
            _ => {}
        }
    }

    /// Ends a wait with a status; a fault without a handler's answer kills.
    pub(crate) fn unblock(&mut self, id: ThreadId, status: u64) {
        self.abandon(id);
        self.detach(id);
        self.objects.threads[id].ipc.pending = None;
        self.objects.threads[id].ipc.buffer = IpcBuffer::Nothing;
        if self.fault_lost(id) {
            self.sched().enqueue(id);
            return;
        }
        self.objects.threads[id].frame.set_status(status);
        self.sched().ready(id);
    }

    /// A piece of taking the dead apart, owed by the share of the dead.
    pub(crate) fn reap_on_debt(&mut self, cpu: CpuId) {
        let Some(dying) = self.objects.dying.first() else { return };
        let share = self.objects.processes[dying].sched.share.unwrap_or(dying);
        self.sched().account(cpu, Context::Kernel);
        self.reap_piece();
        let spent = self.sched().book_without_slice(cpu);
        self.sched().charge(share, spent);
    }
}

impl<M: Machine> Sched<'_, M> {
    /// Marks the current threads of a process, so that they leave their CPUs.
    pub(crate) fn stop_running(&mut self, process: ProcessId, work: Work) {
        for number in 0..self.sched.cpus.len() {
            if let Some(id) = self.sched.cpus[number].current
                && self.objects.threads[id].process == process
            {
                self.set_thread_work(id, work);
            }
        }
    }

    /// A dead thread is current no longer. Another CPU still has it in its registers and
    /// gives it up on its own way out.
    fn leave_cpu(&mut self, id: ThreadId) {
        let cpu = self.objects.threads[id].sched.cpu;
        if self.sched.cpu(cpu).current != Some(id) {
            return;
        }
        if cpu == self.machine.this_cpu() {
            self.sched.cpu_mut(cpu).current = None;
            self.set_cpu_work(cpu, Work::Reschedule);
        } else {
            self.set_thread_work(id, Work::Kill);
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Drops what a long operation held. What others rely on is another operation: what it must
    /// still give back, a loan that is taken back, the threads of another process.
    fn drop_operation(&mut self, operation: Operation) -> Option<Operation> {
        match operation {
            Operation::Zero { memory, .. } => return self.release_memory(memory),
            // Half done, it is a region like any other: it goes with its space.
            Operation::Map { region, .. }
            | Operation::Unmap { within: Some(region), .. }
            | Operation::Protect { within: Some(region), .. } => {
                if let Some(region) = self.objects.regions.get_mut(region) {
                    region.busy = false;
                }
            }
            Operation::Unmap { within: None, .. } | Operation::Protect { within: None, .. } => {}
            Operation::Claim { .. }
            | Operation::FindThread { .. }
            | Operation::Offer { .. }
            | Operation::Receive { .. } => {}
            Operation::EachThread { .. } => return Some(operation),
            Operation::Revoke { .. } | Operation::Release { .. } => return Some(operation),
        }
        None
    }

    /// Gives page tables back. True when none is left.
    fn reap_tables(&mut self, id: ProcessId) -> bool {
        let process = &mut self.objects.processes[id];
        let quota = process.accounts.quota;
        let Some(table) = process.space.table.as_mut() else { return true };
        self.machine.retire(table);
        let (frames, quotas) = (&mut *self.frames, &mut self.objects.quotas);
        let mut free = |frame| Self::free_table_frame(frames, quotas, quota, frame);
        if !self.machine.free_tables(table, TABLES_PER_PIECE, &mut free) {
            return false;
        }
        if let Some(table) = process.space.table.take() {
            free(self.machine.free_root(table));
        }
        true
    }
}

impl<M: Machine> Objects<M> {
    /// Takes a thread out of the list in which it waits. Returns the state that it had.
    #[inline(always)]
    fn unlink(&mut self, id: ThreadId) -> State {
        let threads = &mut self.threads;
        let state = core::mem::replace(&mut threads[id].state, State::Detached);
        debug_assert!(state != State::Detached, "{id:?} is taken out of nothing");
        match state {
            State::Sending(at) => self.endpoints[at].senders.remove(threads, id),
            State::Receiving(at) => {
                self.endpoints[at].receivers.remove(threads, id, By::Queue);
                self.processes[threads[id].process].members.receiving -= 1;
            }
            State::AwaitReply(server) => {
                self.processes[server].ipc.callers.remove(threads, id, By::Queue);
            }
            State::Waiting(at) => self.notifications[at].waiters.remove(threads, id, By::Queue),
            State::Ready | State::Sleeping | State::Inactive | State::Detached => {}
        }
        state
    }

    /// Frees a dead process that no handle names.
    pub(crate) fn free_process(&mut self, id: ProcessId) {
        let process = &self.processes[id];
        if process.life == Life::Dead && process.refs == 0 {
            let payer = process.accounts.payer;
            self.processes.discard(id);
            self.quotas.give_back(payer, Resource::Objects, 1);
        }
    }
}
