//! Port range: I/O ports as a handle.

use super::QuotaId;

/// Ranges of ports that one process may use by instructions.
pub const PORT_SPANS: usize = 4;

/// Ports without a handle: the first, and how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PortSpan {
    /// The first port.
    pub first: u16,
    /// How many; 0 for an unused place.
    pub count: u32,
}

/// The ports that a process may use by instructions.
pub type PortSpans = [PortSpan; PORT_SPANS];

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
