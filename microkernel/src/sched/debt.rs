//! Debts: time that other threads spend for a thread comes off the next turns of its share.
//!
//! The time of a server, and of taking dead processes apart, is not in the slice of the thread that
//! caused it. Debts charge it later, so that a thread cannot gain CPU time by calling, or by making
//! and killing children.

use super::Sched;
use crate::machine::{CpuId, Machine};
use crate::object::{Objects, ProcessId, ThreadId};

/// Turns that a share owes at most: what a second without a turn pays off.
const MOST_TURNS_OWED: u64 = 100;
/// Turns that are skipped, one after the other, before a thread runs all the same.
pub(super) const MOST_SKIPPED: usize = 16;

impl<M: Machine> Sched<'_, M> {
    /// What others spent for the thread is owed by its share from now on.
    pub(crate) fn charge_share(&mut self, id: ThreadId) {
        let thread = &mut self.objects.threads[id];
        let (share, debt) = (thread.sched.share, core::mem::take(&mut thread.sched.debt));
        self.charge(share, debt);
    }

    pub(crate) fn charge(&mut self, share: ProcessId, spent: u64) {
        let most = MOST_TURNS_OWED * self.sched.slice;
        if let Some(process) = self.objects.processes.get_mut(share) {
            process.sched.debt = process.sched.debt.saturating_add(spent).min(most);
        }
    }

    /// The thread's turn begins: its slice, less what its share owes. False when nothing is
    /// left of it and others wait.
    pub(super) fn begin_turn(&mut self, cpu: CpuId, id: ThreadId) -> bool {
        let slice = self.sched.slice;
        let (share, priority) =
            (self.objects.threads[id].sched.share, self.objects.threads[id].sched.priority);
        if self.objects.threads[id].sched.debt != 0 {
            self.charge_share(id);
        }
        if self.objects.processes.get(share).is_none_or(|process| process.sched.debt == 0) {
            self.objects.threads[id].sched.slice = slice;
            return true;
        }
        let others =
            self.sched.cpu(cpu).queue.has_other_share(&self.objects.threads, priority, share);
        let Some(process) = self.objects.processes.get_mut(share).filter(|_| others) else {
            self.objects.threads[id].sched.slice = slice;
            return true;
        };
        let paid = process.sched.debt.min(slice);
        process.sched.debt -= paid;
        self.objects.threads[id].sched.slice = slice - paid;
        paid < slice
    }
}

impl<M: Machine> Objects<M> {
    /// Charges time that a server's thread spent to its client. A client that is a server itself
    /// passes it on when its own time is settled.
    pub(crate) fn owe(&mut self, server: ThreadId, client: ThreadId, spent: u64) {
        let share = self.threads[server].sched.share;
        if let Some(debtor) = self.threads.get_mut(client) {
            debtor.sched.owe(share, spent);
        }
    }
}
