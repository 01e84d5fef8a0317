//! Device interrupts and I/O ports, as objects.

use super::{NotificationId, QuotaId};

/// A device line and the notification that it signals. The line stays masked from an interrupt until `IrqAck`.
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

/// Consecutive I/O ports.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct PortRange {
    /// Handles that name it.
    pub refs: u32,
    /// The first port.
    pub first: u16,
    /// How many; first + count is at most 65,536.
    pub count: u32,
    /// Who pays for it.
    pub quota: QuotaId,
}
