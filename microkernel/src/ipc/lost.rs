//! Callers that stop waiting before they were answered, and servers that want to know.
//!
//! Shape: the servers that have to be told form a list, and the row `lost calls` of the exit
//! loop tells a bounded number of them in one turn. Told at once, a server's bits could divert a
//! thread out of its own call, whose server would have to be told, and so on: without a bound,
//! and one frame deeper on the kernel's stack for each.

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::object::{Life, NotificationId, Objects, ProcessId, State, ThreadId};
use crate::work::Work;

/// Servers told in one turn.
const TOLD_PER_TURN: usize = 8;

impl<M: Machine> Kernel<M> {
    /// A thread stops waiting, for another reason than an answer. Its server may want to know.
    /// A server that dies lets its callers go itself.
    pub(crate) fn abandon(&mut self, id: ThreadId) {
        let State::AwaitReply(server) = self.objects.threads[id].state else { return };
        let process = &mut self.objects.processes[server];
        if process.ipc.abandoned.is_none()
            || process.ipc.in_abandoned
            || process.life != Life::Alive
        {
            return;
        }
        process.ipc.in_abandoned = true;
        let next = self.objects.abandoned_calls.replace(server);
        process.ipc.next_abandoned = next;
        if let Some(next) = next {
            self.objects.processes[next].ipc.previous_abandoned = Some(server);
        }
        self.sched().set_work_here(Work::LostCalls);
    }

    /// From the row `lost calls`: tells servers; the next turn tells more of them.
    pub(crate) fn signal_abandoned_calls(&mut self) {
        for _ in 0..TOLD_PER_TURN {
            let Some(server) = self.objects.abandoned_calls else { return };
            self.objects.forget_abandoned(server);
            if let Some((notification, bits)) = self.objects.processes[server].ipc.abandoned {
                self.signal(notification, bits);
            }
        }
        self.sched().set_work_here(Work::LostCalls);
    }

    /// Sets what is signalled when a caller of the process stops waiting.
    pub(crate) fn watch_calls(&mut self, process: ProcessId, watch: Option<(NotificationId, u64)>) {
        if let Some((notification, _)) = watch {
            self.objects.notifications[notification].refs += 1;
        }
        self.objects.forget_abandoned(process);
        let old = core::mem::replace(&mut self.objects.processes[process].ipc.abandoned, watch);
        if let Some((old, _)) = old {
            self.release_notification(old);
        }
    }
}

impl<M: Machine> Objects<M> {
    /// Takes a process out of the list of those that have to be told.
    pub(crate) fn forget_abandoned(&mut self, id: ProcessId) {
        if !core::mem::take(&mut self.processes[id].ipc.in_abandoned) {
            return;
        }
        let process = &mut self.processes[id];
        let (previous, next) =
            (process.ipc.previous_abandoned.take(), process.ipc.next_abandoned.take());
        match previous {
            Some(previous) => self.processes[previous].ipc.next_abandoned = next,
            None => self.abandoned_calls = next,
        }
        if let Some(next) = next {
            self.processes[next].ipc.previous_abandoned = previous;
        }
    }
}
