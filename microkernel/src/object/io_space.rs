//! I/O space: the memory that one PCI function reaches.
//!
//! Shape: a table of mappings, each of consecutive pages of one memory object at consecutive device
//! addresses. A mapping is a name of its object, so the object's frames stay as long as it does.

use super::{IoSpaceId, MemoryId, QuotaId};
use crate::arena::Arena;
use abi::IO_MAPPINGS;

/// One mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IoMapping {
    /// The object; no loan, but what was lent.
    pub memory: MemoryId,
    /// Where its first page is for the device.
    pub address: u64,
    /// Its pages.
    pub pages: u32,
}

impl IoMapping {
    /// Whether it begins at this address and has these pages.
    pub fn is_at(&self, address: u64, pages: u64) -> bool {
        (self.address, u64::from(self.pages)) == (address, pages)
    }
}

/// What a function reaches.
#[derive(Clone, Copy, Debug, Hash)]
pub struct IoSpace {
    /// Handles that name it.
    pub refs: u32,
    /// Of them those with the right to manage it.
    pub managers: u32,
    /// Nothing is mapped or unmapped any more: its mappings can only be cleared.
    pub ended: bool,
    /// Bus, device and function.
    pub function: u16,
    /// The most pages.
    pub limit: u32,
    /// Pages of all mappings.
    pub pages: u32,
    /// Mappings.
    pub count: u8,
    mappings: [Option<IoMapping>; IO_MAPPINGS],
    /// Who pays for it.
    pub quota: QuotaId,
}

const _: () = assert!(IO_MAPPINGS <= u8::MAX as usize);

impl Default for IoSpace {
    fn default() -> Self {
        Self::new(0, 0, QuotaId::default())
    }
}

impl IoSpace {
    /// A space without mappings and handles.
    pub fn new(function: u16, limit: u32, quota: QuotaId) -> Self {
        let mappings = [None; IO_MAPPINGS];
        let (refs, managers, ended, pages, count) = (0, 0, false, 0, 0);
        Self { refs, managers, ended, function, limit, pages, count, mappings, quota }
    }

    /// Its mappings.
    pub fn mappings(&self) -> impl Iterator<Item = &IoMapping> {
        self.mappings.iter().flatten()
    }

    /// Whether its function can have no other space: a handle can manage this one, or the function
    /// may still use what is mapped.
    pub fn holds_function(&self) -> bool {
        self.managers > 0 || self.count > 0
    }

    /// The most pages that one more mapping can have.
    pub fn room(&self) -> u32 {
        let full = usize::from(self.count) == IO_MAPPINGS;
        if full { 0 } else { self.limit - self.pages }
    }

    /// Adds a mapping for which there is room.
    pub fn add(&mut self, mapping: IoMapping) {
        if let Some(place) = self.mappings.iter_mut().find(|place| place.is_none()) {
            *place = Some(mapping);
            self.pages += mapping.pages;
            self.count += 1;
        }
    }

    /// Takes the first mapping out of which this is true.
    pub fn take(&mut self, is_wanted: impl Fn(&IoMapping) -> bool) -> Option<IoMapping> {
        let mut places = self.mappings.iter_mut();
        let mapping = places.find(|place| place.as_ref().is_some_and(&is_wanted))?.take()?;
        self.pages -= mapping.pages;
        self.count -= 1;
        Some(mapping)
    }
}

/// All I/O spaces.
pub type IoSpaces = Arena<super::IoSpaceKind, IoSpace>;

impl IoSpaces {
    /// The space that a function has.
    pub fn of_function(&self, function: u16) -> Option<IoSpaceId> {
        let holds = |id: &IoSpaceId| self[*id].function == function && self[*id].holds_function();
        self.ids().find(holds)
    }
}
