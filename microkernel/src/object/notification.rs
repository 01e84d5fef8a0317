//! Notification: 64 bits that coalesce.

use super::{List, NotificationId, QuotaId, ThreadId};

/// Bits set by signals, taken by whoever waits, receives or is diverted.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct Notification {
    /// Handles, timers, interrupts, processes and threads that name it.
    pub refs: u32,
    /// Set and not yet taken.
    pub bits: u64,
    /// Threads in `Wait`.
    pub waiters: List,
    /// The thread whose `Recv` also returns for it.
    pub bound: Option<ThreadId>,
    /// The thread that it diverts.
    pub upcall: Option<ThreadId>,
    /// The next notification that ended with threads in it.
    pub next_ended: Option<NotificationId>,
    /// Who pays for it.
    pub quota: QuotaId,
}

impl Notification {
    /// No bits, nobody waits.
    pub fn new(quota: QuotaId) -> Self {
        Self { quota, ..Self::default() }
    }
}
