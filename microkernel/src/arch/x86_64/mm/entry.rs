//! One entry of a page table.

use super::table::span;
use abi::Protection;
use core_kernel::machine::{Access, Phys};

/// An entry, as the hardware reads it.
///
/// Source: Intel SDM 3A, 4.5 "4-level paging".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry(pub(crate) u64);

impl Entry {
    /// Nothing is mapped.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const PRESENT: u64 = 1;
    pub(crate) const WRITABLE: u64 = 1 << 1;
    pub(crate) const USER: u64 = 1 << 2;
    const WRITE_THROUGH: u64 = 1 << 3;
    const UNCACHED: u64 = 1 << 4;
    const LARGE: u64 = 1 << 7;
    const GLOBAL: u64 = 1 << 8;
    pub(crate) const NO_EXECUTE: u64 = 1 << 63;
    const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

    /// A table below, open for all; its leaves say what is allowed.
    pub(crate) fn table(frame: Phys, user: bool) -> Self {
        Self(frame.address() | Self::PRESENT | Self::WRITABLE | if user { Self::USER } else { 0 })
    }

    /// A page of a program.
    pub(crate) fn user(frame: Phys, protection: Protection, large: bool, device: bool) -> Self {
        let mut bits = Self::protection(protection) | Self::USER;
        if large {
            bits |= Self::LARGE;
        }
        if device {
            bits |= Self::UNCACHED | Self::WRITE_THROUGH;
        }
        Self(frame.address() | bits)
    }

    /// A page of the kernel.
    pub(crate) fn kernel(frame: Phys, protection: Protection, large: bool) -> Self {
        let large = if large { Self::LARGE } else { 0 };
        Self(frame.address() | Self::protection(protection) | Self::GLOBAL | large)
    }

    /// The same page, in this space alone: a flush drops it.
    pub(crate) fn local(self) -> Self {
        Self(self.0 & !Self::GLOBAL)
    }

    /// Device registers of the kernel.
    pub(crate) fn kernel_device(frame: Phys) -> Self {
        let Self(bits) = Self::kernel(frame, Protection::ReadWrite, false);
        Self(bits | Self::UNCACHED | Self::WRITE_THROUGH)
    }

    /// The one place where a protection becomes bits: none has both write and execute.
    fn protection(protection: Protection) -> u64 {
        Self::PRESENT
            | match protection {
                Protection::Read => Self::NO_EXECUTE,
                Protection::ReadWrite => Self::NO_EXECUTE | Self::WRITABLE,
                Protection::ReadExecute => 0,
            }
    }

    /// The same page with another protection.
    pub(crate) fn with_protection(self, protection: Protection) -> Self {
        let kept = self.0 & !(Self::WRITABLE | Self::NO_EXECUTE);
        Self(kept | Self::protection(protection))
    }

    /// The same page over another frame.
    pub(crate) fn with_frame(self, frame: Phys) -> Self {
        Self(self.0 & !Self::ADDRESS | frame.address())
    }

    /// The same page, as one of the small pages that replace it.
    pub(crate) fn piece(self, frames: u64) -> Self {
        // A large page's address has no bits there. Nothing to overflow: a split has 512 of these.
        Self(self.0 & !Self::LARGE | frames << abi::PAGE_SIZE.trailing_zeros())
    }

    /// The page behind this one, of the same size: that of a leaf at this level.
    pub(crate) fn next(self, level: u32) -> Self {
        // Nothing to overflow: the core names frames that exist, and none after the last is put.
        Self(self.0.wrapping_add(span(level)))
    }

    /// Whether anything is mapped.
    pub(crate) fn present(self) -> bool {
        self.0 & Self::PRESENT != 0
    }

    /// Whether it leads to a table, where one could be.
    pub(crate) fn leads_on(self) -> bool {
        self.0 & (Self::PRESENT | Self::LARGE) == Self::PRESENT
    }

    /// Whether it is memory that user mode may use so. Device memory is not in the physmap, and
    /// reading it could do anything.
    pub(crate) fn allows(self, access: Access) -> bool {
        let wanted = Self::PRESENT
            | Self::USER
            | match access {
                Access::Read => 0,
                Access::Write => Self::WRITABLE,
            };
        self.0 & (wanted | Self::UNCACHED) == wanted
    }

    /// Whether an access with this code of `FaultKind::Page` does not fault.
    pub(crate) fn permits(self, code: u64) -> bool {
        let (write, fetch) = (code & 1 != 0, code & 2 != 0);
        self.present() && (!write || self.writable()) && (!fetch || self.executable())
    }

    /// Whether user mode may use it.
    pub(crate) fn user_mode(self) -> bool {
        self.0 & Self::USER != 0
    }

    /// Whether it may be written.
    pub(crate) fn writable(self) -> bool {
        self.0 & Self::WRITABLE != 0
    }

    /// Whether it may be executed.
    pub(crate) fn executable(self) -> bool {
        self.0 & Self::NO_EXECUTE == 0
    }

    /// Whether it is device memory.
    pub(crate) fn uncached(self) -> bool {
        self.0 & Self::UNCACHED != 0
    }

    /// Where it points.
    pub(crate) fn frame(self) -> Phys {
        Phys::from_entry(self.0 & Self::ADDRESS)
    }
}
