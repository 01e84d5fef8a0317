//! Lifeline: tells when nobody holds it any more.

use super::{NotificationId, QuotaId};

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
