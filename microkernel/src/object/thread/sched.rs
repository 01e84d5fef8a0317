//! The scheduling state of a thread.

use super::super::{ProcessId, RunEnd, SchedContextId, ThreadId};
use crate::machine::CpuId;

/// The scheduling state of a thread.
#[derive(Clone, Copy, Debug, Hash)]
pub struct SchedState {
    /// The process whose share of the CPU is used, among those of its priority: the thread's
    /// own, or that of the caller on whose time it runs.
    pub share: ProcessId,
    /// The client: sender of the message that was received last, until the next receive.
    pub serving: Option<ThreadId>,
    /// The effective priority: that of the thread or of the context that it is bound to, or
    /// that of the caller on whose time it runs.
    pub priority: u8,
    /// The priority of the thread itself.
    pub base: u8,
    /// The context that the thread is bound to.
    pub own: Option<SchedContextId>,
    /// The context that the thread runs on; without one it runs in the turns of its share.
    pub context: Option<SchedContextId>,
    /// The end of that context's period: the earliest runs first.
    pub due: u64,
    /// That context's budget is spent.
    pub spent: bool,
    /// The thread serves each caller on the caller's time.
    pub passive: bool,
    /// The caller on whose time the thread runs now.
    pub donor: Option<ThreadId>,
    /// The passive thread that runs on this thread's time now.
    pub lent_to: Option<ThreadId>,
    /// The number of donors above the thread.
    pub depth: u8,
    /// Contexts or donated time are involved: messages take the slow path.
    pub timed: bool,
    /// Whether the thread is in a run queue.
    pub queued: bool,
    /// The CPU that the thread runs on.
    pub cpu: CpuId,
    /// CPUs that the thread may run on, one bit each.
    pub affinity: u64,
    /// The other end of its run in a run queue, when it is one end.
    pub run_end: RunEnd,
    /// The rest of the time slice. This and what follows in [`crate::Machine::ticks`].
    pub slice: u64,
    /// Time that servers spent for the thread, until its next turn: then its share owes it.
    pub debt: u64,
}

impl SchedState {
    /// Whether the thread may run on this CPU.
    #[inline(always)]
    pub(crate) fn allows(&self, cpu: CpuId) -> bool {
        self.affinity.wrapping_shr(u32::from(cpu.0)) & 1 != 0
    }

    /// The state of a thread that was not started yet.
    pub(crate) fn new(share: ProcessId, priority: u8, cpu: CpuId) -> Self {
        Self {
            share,
            serving: None,
            priority,
            base: priority,
            own: None,
            context: None,
            due: 0,
            spent: false,
            passive: false,
            donor: None,
            lent_to: None,
            depth: 0,
            timed: false,
            queued: false,
            cpu,
            affinity: u64::MAX,
            run_end: RunEnd::default(),
            slice: 0,
            debt: 0,
        }
    }

    /// Takes time off the slice. Returns the client, and the time that the client owes for it.
    #[inline(always)]
    pub(crate) fn spend(&mut self, spent: u64) -> Option<(ThreadId, u64)> {
        self.slice = self.slice.saturating_sub(spent);
        let client = self.serving?;
        Some((client, spent.wrapping_add(core::mem::take(&mut self.debt))))
    }

    /// Charges time that a server of share `server` spent for this thread. Within one share
    /// nothing is owed; the charge is passed on to the thread's own client.
    #[inline(always)]
    pub(crate) fn owe(&mut self, server: ProcessId, spent: u64) {
        if self.share != server || self.serving.is_some() {
            self.debt = self.debt.wrapping_add(spent);
        }
    }

    /// Continues with the rest of the slice, or with a full one.
    #[inline(always)]
    pub(crate) fn begin_slice(&mut self, full: u64) {
        if self.slice == 0 {
            self.slice = full;
        }
    }
}
