//! I/O spaces: the memory that a PCI function reaches.

use crate::handle::{created, object};
use crate::raw::{argument, plain};
use crate::{Error, Memory, Resource};
use abi::{Direction, IoSpaceFlags, Syscall};

object! {
    /// The memory that a PCI function reaches: mappings of memory objects, each at a device
    /// address. The end of a driver ends no mapping; see [`IoSpace::clear`].
    IoSpace
}

/// An address as a device uses it: physical without an IOMMU, else one of the function's space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DeviceAddress(pub u64);

impl DeviceAddress {
    /// The address this number of bytes further on, in the same mapping.
    #[must_use]
    pub const fn plus(self, bytes: u64) -> Self {
        Self(self.0.wrapping_add(bytes))
    }
}

impl IoSpace {
    /// The space of a PCI function (bus << 8 | device << 3 | function) for at most this number of
    /// mapped pages, and its mappings. When there are some, the function had a space that nothing
    /// manages any more: this is it, to be cleared, dropped, and created anew.
    ///
    /// # Errors
    /// `NoRight` for a space that is not trusted on a machine without an IOMMU; `BadState` while
    /// the function has one that is managed.
    pub fn create(
        resource: &Resource,
        function: u16,
        page_limit: u64,
        flags: IoSpaceFlags,
    ) -> Result<(Self, u64), Error> {
        let resource = argument(resource.handle());
        let arguments = [resource, function.into(), page_limit, flags.bits(), 0, 0];
        let (handle, mappings) = plain(Syscall::IoSpaceCreate, arguments)?;
        let handle = created(Ok((handle, 0)))?;
        Ok((Self::from(handle), mappings))
    }

    /// Lets the function reach pages of memory: as many from the first one on as have consecutive
    /// device addresses. Returns the address of the first page and the number of pages, at least 1.
    /// They stay mapped when the memory is dropped.
    pub fn map(
        &self,
        memory: &Memory,
        first: u64,
        pages: u64,
        direction: Direction,
    ) -> Result<(DeviceAddress, u64), Error> {
        let memory = argument(memory.handle());
        let arguments = [argument(self.handle()), memory, first, pages, direction as u64, 0];
        plain(Syscall::IoMap, arguments).map(|(address, pages)| (DeviceAddress(address), pages))
    }

    /// Ends one mapping, with the values that [`IoSpace::map`] returned. The function no longer
    /// uses it.
    pub fn unmap(&self, address: DeviceAddress, pages: u64) -> Result<(), Error> {
        plain(Syscall::IoUnmap, [argument(self.handle()), address.0, pages, 0, 0, 0]).map(|_| ())
    }

    /// Ends the space and one of its mappings: the number of those left. The caller promises that
    /// the function is no bus master and was reset.
    pub fn clear(&self) -> Result<u64, Error> {
        plain(Syscall::IoSpaceClear, [argument(self.handle()), 0, 0, 0, 0, 0]).map(|(left, _)| left)
    }
}

impl Memory {
    /// Zeroed memory whose pages lie together in their order, charged to this process; at most
    /// [`CONTIGUOUS_MAX`](crate::CONTIGUOUS_MAX) pages.
    ///
    /// # Errors
    /// `OutOfMemory` when memory is too fragmented.
    pub fn create_contiguous(pages: u64) -> Result<Self, Error> {
        let arguments = [pages, 0, abi::MEMORY_CONTIGUOUS, 0, 0, 0];
        created(plain(Syscall::MemoryCreate, arguments)).map(Self::from)
    }
}
