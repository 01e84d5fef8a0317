//! Memory object: pages that can be mapped.

use super::{MemoryId, ProcessId, QuotaId};
use crate::frames::Chain;
use crate::machine::{OwnedFrame, Phys};

/// Where the pages lie.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub enum Storage {
    /// Blocks that go back to the allocator at the end.
    Frames(Chain),
    /// RAM in one piece that is never given back (the boot archive).
    Fixed(Phys),
    /// Device registers.
    Device(Phys),
    /// Pages of another object, until they are taken back.
    Loan(Loan),
}

impl Default for Storage {
    fn default() -> Self {
        Self::Fixed(Phys::ZERO)
    }
}

/// What is lent, and where it is mapped.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct Loan {
    /// The object whose pages are lent; no loan itself. None: revoked.
    pub parent: Option<MemoryId>,
    /// From which of its pages on.
    pub first: u64,
    /// What is shown in place of each page from the revocation on.
    pub blank: OwnedFrame,
    /// The lender's handle is closed: nothing more of the parent is shown.
    pub revoked: bool,
    /// The space in which it is mapped.
    pub space: Option<ProcessId>,
    /// From which address on it is, or was last.
    pub address: u64,
    /// Its regions there: more than one once the mapping was cut.
    pub regions: u32,
}

/// Pages of memory, shared by all who hold a handle.
#[derive(Debug, Hash, Default)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct MemoryObject {
    /// Handles, mappings and running operations that name it.
    pub refs: u32,
    /// Pages of 4 KiB.
    pub pages: u64,
    /// Where they lie.
    pub storage: Storage,
    /// Who pays for it.
    pub quota: QuotaId,
}

impl MemoryObject {
    /// Whether it is device memory.
    pub fn is_device(&self) -> bool {
        matches!(self.storage, Storage::Device(_))
    }
}
