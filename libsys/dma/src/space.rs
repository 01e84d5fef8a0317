//! What a device reaches.

use sys::{DeviceAddress, Direction, Error, IoSpace, Memory};

/// The memory that a device reaches: an [`IoSpace`], or in host tests that of a fake device.
pub trait Space {
    /// As [`IoSpace::map`].
    ///
    /// # Errors
    /// As there.
    fn map(
        &self,
        memory: &Memory,
        first: u64,
        pages: u64,
        direction: Direction,
    ) -> Result<(DeviceAddress, u64), Error>;

    /// As [`IoSpace::unmap`].
    ///
    /// # Errors
    /// As there.
    fn unmap(&self, address: DeviceAddress, pages: u64) -> Result<(), Error>;
}

impl Space for IoSpace {
    fn map(
        &self,
        memory: &Memory,
        first: u64,
        pages: u64,
        direction: Direction,
    ) -> Result<(DeviceAddress, u64), Error> {
        IoSpace::map(self, memory, first, pages, direction)
    }

    fn unmap(&self, address: DeviceAddress, pages: u64) -> Result<(), Error> {
        IoSpace::unmap(self, address, pages)
    }
}

/// Maps the first pages of a memory object at one run of device addresses, or not at all.
///
/// # Errors
/// `OutOfMemory` when its pages do not lie together; else as [`IoSpace::map`].
pub fn map_run(space: &impl Space, memory: &Memory, pages: u64) -> Result<DeviceAddress, Error> {
    let (address, mapped) = space.map(memory, 0, pages, Direction::Both)?;
    if mapped == pages {
        return Ok(address);
    }
    space.unmap(address, mapped)?;
    Err(Error::OutOfMemory)
}
