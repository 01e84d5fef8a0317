//! Notification: 64 bits that coalesce; timers and lifelines, which signal one.

use super::{List, NotificationId, QuotaId, ThreadId};

/// Bits set by signals, taken by the thread that waits, receives or is diverted.
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
    /// No bits and no waiting threads.
    pub fn new(quota: QuotaId) -> Self {
        Self { quota, ..Self::default() }
    }
}

/// Signals its bits once when its deadline passes.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct Timer {
    /// Handles that name it.
    pub refs: u32,
    /// What it signals.
    pub notification: NotificationId,
    /// With which bits.
    pub bits: u64,
    /// Who pays for it.
    pub quota: QuotaId,
}

/// Signals its bits once, when its last holder is gone.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct Lifeline {
    /// Handles that name it.
    pub refs: u32,
    /// Of these, those that hold it.
    pub holders: u32,
    /// What its end signals.
    pub notification: NotificationId,
    /// With which bits.
    pub bits: u64,
    /// Who pays for it.
    pub quota: QuotaId,
}
