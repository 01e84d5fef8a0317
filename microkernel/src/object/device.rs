//! Device interrupts and I/O ports, as objects.

use super::{NotificationId, QuotaId};
use crate::machine::CpuId;

/// What interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IrqSource {
    /// A device line. A level line stays masked from an interrupt until `IrqAck`.
    Line(u8),
    /// A message to a CPU, by its number there.
    Message(CpuId, u8),
}

impl Default for IrqSource {
    fn default() -> Self {
        Self::Line(0)
    }
}

/// A device interrupt and the notification that it signals.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct Irq {
    /// Handles that name it.
    pub refs: u32,
    /// What interrupts.
    pub source: IrqSource,
    /// What it signals.
    pub notification: NotificationId,
    /// With which bits.
    pub bits: u64,
    /// Interrupts since it was made.
    pub count: u64,
    /// The count at the last `IrqAck`.
    pub acknowledged: u64,
    /// Who pays for it.
    pub quota: QuotaId,
}

impl Irq {
    /// An interrupt that did not come yet, without handles.
    pub fn new(source: IrqSource, notification: NotificationId, bits: u64, quota: QuotaId) -> Self {
        Self { source, notification, bits, quota, ..Self::default() }
    }
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
