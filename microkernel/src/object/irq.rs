//! Irq: a device interrupt as a notification.

use super::{NotificationId, QuotaId};

/// A device line and whom it signals. The line stays masked from an interrupt until `IrqAck`.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct Irq {
    /// Handles that name it.
    pub refs: u32,
    /// The line's number.
    pub line: u8,
    /// What it signals.
    pub notification: NotificationId,
    /// With which bits.
    pub bits: u64,
    /// Who pays for it.
    pub quota: QuotaId,
}
