//! The two ways to configuration space: memory (ECAM), and ports.

use crate::config::{ConfigSpace, NOTHING};
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use core::cell::RefCell;
use pci_api::Slot;
use sys::{Error, Memory, Ports, RegisterFile, Registers, Resource, SystemInfo};

/// A bus takes 1 MiB: 4 KiB for each of its 256 functions.
const BUS_PAGES: u64 = 256;
const BUS_BYTES: u64 = BUS_PAGES * sys::PAGE_SIZE;

/// Configuration space in memory. Source: PCI Express Base Specification 4.0, section 7.2.2.
#[derive(Debug)]
pub struct Ecam {
    resource: Rc<Resource>,
    base: u64,
    first_bus: u8,
    last_bus: u8,
    /// Busses that were looked at; none where the kernel refused.
    busses: RefCell<BTreeMap<u8, Option<Registers>>>,
}

impl Ecam {
    /// Of a machine that has it.
    pub fn find(resource: &Rc<Resource>, info: &SystemInfo) -> Option<Self> {
        let busses = u8::try_from(info.ecam_first_bus).ok().zip(info.ecam_last_bus.try_into().ok());
        let (first_bus, last_bus) = busses.filter(|_| info.ecam != 0)?;
        let (base, busses) = (info.ecam, RefCell::default());
        Some(Self { resource: resource.clone(), base, first_bus, last_bus, busses })
    }

    fn map(&self, bus: u8) -> Option<Registers> {
        if !(self.first_bus..=self.last_bus).contains(&bus) {
            return None;
        }
        let address = self.base.checked_add(u64::from(bus) * BUS_BYTES)?;
        let memory = Memory::device(&self.resource, address, BUS_PAGES).ok()?;
        memory.map_registers(0, BUS_PAGES).ok()
    }

    fn with<T>(
        &self,
        slot: Slot,
        access: impl FnOnce(&Registers, usize) -> Option<T>,
    ) -> Option<T> {
        let mut busses = self.busses.borrow_mut();
        let bus = busses.entry(slot.bus()).or_insert_with(|| self.map(slot.bus()));
        let [_, in_bus] = slot.0.to_be_bytes();
        access(bus.as_ref()?, usize::from(in_bus) << 12)
    }
}

impl ConfigSpace for Ecam {
    fn read(&self, slot: Slot, offset: u16) -> u32 {
        let at = usize::from(offset & 0xfff);
        let value = self.with(slot, |bus, function| bus.read_u32(function + at).ok());
        value.unwrap_or(NOTHING)
    }

    fn write(&self, slot: Slot, offset: u16, value: u32) {
        let at = usize::from(offset & 0xfff);
        let _ = self.with(slot, |bus, function| bus.write_u32(function + at, value).ok());
    }

    fn physical(&self) -> Option<(u64, u64)> {
        let first = self.base + u64::from(self.first_bus) * BUS_BYTES;
        Some((first, self.base + (u64::from(self.last_bus) + 1) * BUS_BYTES - 1))
    }
}

/// Configuration space by an address and a data port. Source: PCI 3.0, section 3.2.2.3.2.
#[derive(Debug)]
pub struct PortAccess {
    ports: Ports,
}

/// The first port: the address. The data are 4 ports further on.
const ADDRESS: u16 = 0xcf8;
const DATA: u16 = 4;
const ENABLE: u32 = 1 << 31;
/// There is no more by ports.
const SIZE: u16 = 0x100;

impl PortAccess {
    /// Takes the ports.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn new(resource: &Resource) -> Result<Self, Error> {
        Ok(Self { ports: Ports::create(resource, ADDRESS, 8)? })
    }

    fn select(&self, slot: Slot, offset: u16) -> Result<(), Error> {
        if offset >= SIZE {
            return Err(Error::BadAddress);
        }
        let address = ENABLE | u32::from(slot.0) << 8 | u32::from(offset & !3);
        self.ports.write_u32(0, address)
    }
}

impl ConfigSpace for PortAccess {
    fn read(&self, slot: Slot, offset: u16) -> u32 {
        let value = self.select(slot, offset).and_then(|()| self.ports.read_u32(DATA));
        value.unwrap_or(NOTHING)
    }

    fn write(&self, slot: Slot, offset: u16, value: u32) {
        let _ = self.select(slot, offset).and_then(|()| self.ports.write_u32(DATA, value));
    }

    fn physical(&self) -> Option<(u64, u64)> {
        None
    }
}
