//! Memory objects.

use crate::handle::{created, object};
use crate::raw::{argument, plain};
use crate::{Error, Mapping, Process, Protection};
use abi::Syscall;

object! {
    /// Pages of memory, mapped nowhere, once or many times.
    Memory
}

/// What a memory object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryInfo {
    /// Its size.
    pub pages: u64,
    /// Whether it is a device's.
    pub device: bool,
}

impl Memory {
    /// Zeroed memory, charged to this process.
    pub fn create(pages: u64) -> Result<Self, Error> {
        created(plain(Syscall::MemoryCreate, [pages, 0, 0, 0, 0, 0])).map(Self)
    }

    /// Zeroed memory, charged to another process: what a loader fills for it.
    pub fn create_for(payer: &Process, pages: u64) -> Result<Self, Error> {
        let arguments = [pages, argument(payer.handle()), 0, 0, 0, 0];
        created(plain(Syscall::MemoryCreate, arguments)).map(Self)
    }

    /// Its size and kind.
    pub fn info(&self) -> Result<MemoryInfo, Error> {
        let arguments = [argument(self.handle()), 0, 0, 0, 0, 0];
        let (pages, device) = plain(Syscall::MemoryInfo, arguments)?;
        Ok(MemoryInfo { pages, device: device == 1 })
    }

    /// Maps all of it into this process, where there is room.
    pub fn map_own(&self, protection: Protection) -> Result<Mapping, Error> {
        Mapping::new(self.handle(), 0, self.info()?.pages, protection)
    }

    /// Maps some of its pages into this process.
    pub fn map_part(
        &self,
        first: u64,
        pages: u64,
        protection: Protection,
    ) -> Result<Mapping, Error> {
        Mapping::new(self.handle(), first, pages, protection)
    }
}
