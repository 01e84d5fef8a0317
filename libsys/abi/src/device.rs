//! What drivers tell the kernel about devices and their memory.

use bitflags::bitflags;

/// A flag of `MemoryCreate`: all pages lie together in physical memory, in their order.
pub const MEMORY_CONTIGUOUS: u64 = 1;
/// The most pages of such memory: the largest block of the frame allocator.
pub const CONTIGUOUS_MAX: u64 = 1024;
/// The most I/O spaces of the machine.
pub const IO_SPACES: usize = 64;
/// The most mappings of one I/O space.
pub const IO_MAPPINGS: usize = 64;

bitflags! {
    /// What an I/O space is; a set of bits.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    #[repr(transparent)]
    pub struct IoSpaceFlags: u64 {
        /// The function and its driver are trusted with all memory: device addresses are physical
        /// ones, and nothing keeps the function from others.
        const TRUSTED = 1;
    }
}

/// Which way a device moves data; as bits: 1 reads memory, 2 writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Direction {
    /// The device reads memory; the memory's handle needs [`Rights::READ`](crate::Rights::READ).
    ToDevice = 1,
    /// The device writes memory; the handle needs [`Rights::WRITE`](crate::Rights::WRITE).
    FromDevice = 2,
    /// Both.
    Both = 3,
}

impl Direction {
    /// The direction with this number.
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::ToDevice, Self::FromDevice, Self::Both]
            .into_iter()
            .find(|direction| *direction as u64 == number)
    }
}
