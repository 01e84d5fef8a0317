//! Debts: time that somebody else spends for a thread comes off the next turns of its share.
//!
//! A server works for a client as urgently as it is itself, and the dead are taken apart by
//! whoever runs. Neither is in the slice of the one who caused it; without debts one that
//! calls, or makes and kills, as fast as it can would take all of the CPU from others of its
//! priority, which only lose their time in between.

use super::decide::SLICE_NS;
use crate::exit::Context;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::{ProcessId, ThreadId};

/// Nobody owes more: so much is paid off in a second without a turn.
const MOST_DEBT_NS: u64 = 100 * SLICE_NS;
/// Servers that call servers: so many are looked through for the client that began it.
const MOST_HOPS: usize = 4;
/// Turns that are not taken, one after the other, before somebody runs all the same.
pub(super) const MOST_SKIPPED: usize = 64;

impl<M: Machine> Kernel<M> {
    /// Time that a server's thread spent for a client: owed by the client, or by whom that
    /// serves in turn.
    pub(crate) fn owe(&mut self, server: ThreadId, client: ThreadId, spent_ns: u64) {
        let mut debtor = client;
        for _ in 0..MOST_HOPS {
            let Some(thread) = self.threads.get(debtor) else { return };
            match thread.serving {
                Some(next) if self.threads.get(next).is_some() => debtor = next,
                _ => break,
            }
        }
        let share = self.threads[debtor].share;
        if share != self.threads[server].share {
            self.charge_share(share, spent_ns);
        }
    }

    fn charge_share(&mut self, share: ProcessId, spent_ns: u64) {
        if let Some(process) = self.processes.get_mut(share) {
            process.debt_ns = process.debt_ns.saturating_add(spent_ns).min(MOST_DEBT_NS);
        }
    }

    /// A piece of taking the dead apart, owed by the share of the dead.
    pub(crate) fn reap_on_debt(&mut self, cpu: CpuId) {
        let Some(dying) = self.dying else { return };
        let share = self.processes[dying].share.unwrap_or(dying);
        self.account(cpu, Context::Kernel);
        self.reap_piece();
        let spent_ns = self.book(cpu, Context::Kernel);
        self.charge_share(share, spent_ns);
    }

    /// The thread's turn begins: its slice, less what its share owes. False when nothing is
    /// left of it and others wait.
    pub(super) fn begin_turn(&mut self, cpu: CpuId, id: ThreadId) -> bool {
        let (share, priority) = (self.threads[id].share, self.threads[id].priority);
        let others = self.cpu(cpu).queue.has_other_share(&self.threads, priority, share);
        let Some(process) = self.processes.get_mut(share).filter(|_| others) else {
            self.threads[id].slice_ns = SLICE_NS;
            return true;
        };
        let paid = process.debt_ns.min(SLICE_NS);
        process.debt_ns -= paid;
        self.threads[id].slice_ns = SLICE_NS - paid;
        paid < SLICE_NS
    }
}
