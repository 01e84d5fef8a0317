//! Timer: a deadline that signals.

use super::{NotificationId, QuotaId};

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
