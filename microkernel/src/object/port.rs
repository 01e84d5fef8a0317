//! Port range: I/O ports as a handle.

use super::QuotaId;

/// Consecutive I/O ports.
#[derive(Clone, Debug, Hash)]
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
