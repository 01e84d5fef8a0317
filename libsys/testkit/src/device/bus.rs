//! The memory that a fake device reaches.

use dma::Space;
use std::cell::RefCell;
use std::rc::Rc;
use sys::{DeviceAddress, Direction, Error, Mapping, Memory, PAGE_SIZE, Protection};

/// Some pages that the device reaches.
#[derive(Debug)]
struct Run {
    address: u64,
    pages: u64,
    direction: Direction,
    mapping: Mapping,
}

#[derive(Debug)]
struct Inner {
    runs: Vec<Run>,
    next: u64,
    longest: u64,
    faults: Vec<u64>,
}

/// The memory that a fake device reaches. Copies are the same bus.
#[derive(Clone, Debug)]
pub struct Bus(Rc<RefCell<Inner>>);

impl Default for Bus {
    fn default() -> Self {
        Self::at(0x1_0000_0000)
    }
}

impl Bus {
    /// A bus whose memory begins at this device address.
    pub fn at(next: u64) -> Self {
        let inner = Inner { runs: Vec::new(), next, longest: u64::MAX, faults: Vec::new() };
        Self(Rc::new(RefCell::new(inner)))
    }

    /// Memory lies together in runs of at most this number of pages from now on.
    pub fn fragment(&self, pages: u64) {
        self.0.borrow_mut().longest = pages;
    }

    /// The addresses that the device used without their being mapped.
    pub fn faults(&self) -> Vec<u64> {
        self.0.borrow().faults.clone()
    }

    /// The number of runs that are mapped.
    pub fn mappings(&self) -> usize {
        self.0.borrow().runs.len()
    }

    /// The device reads. Without all of the bytes mapped for that, zeros, and a fault.
    pub fn read(&self, address: u64, into: &mut [u8]) {
        into.fill(0);
        let done = self.access(address, into.len(), Direction::FromDevice, |mapping, offset| {
            mapping.read_at(offset, into)
        });
        self.keep_fault(address, done);
    }

    /// The device writes. Without all of the bytes mapped for that, nothing, and a fault.
    pub fn write(&self, address: u64, bytes: &[u8]) {
        let done = self.access(address, bytes.len(), Direction::ToDevice, |mapping, offset| {
            mapping.write_at(offset, bytes)
        });
        self.keep_fault(address, done);
    }

    /// The device reads a number of N bytes, little endian.
    pub fn number<const N: usize>(&self, address: u64) -> u64 {
        let mut bytes = [0; 8];
        self.read(address, &mut bytes[..N]);
        u64::from_le_bytes(bytes)
    }

    fn access(
        &self,
        address: u64,
        bytes: usize,
        not: Direction,
        access: impl FnOnce(&Mapping, usize) -> Result<(), Error>,
    ) -> Option<()> {
        let inner = self.0.borrow();
        let holds =
            |run: &&Run| (run.address..run.address + run.pages * PAGE_SIZE).contains(&address);
        let run = inner.runs.iter().find(holds)?;
        let offset = usize::try_from(address - run.address).ok()?;
        let inside = offset.checked_add(bytes)? <= run.mapping.len() && run.direction != not;
        inside.then(|| access(&run.mapping, offset).ok())?
    }

    fn keep_fault(&self, address: u64, done: Option<()>) {
        if done.is_none() {
            self.0.borrow_mut().faults.push(address);
        }
    }
}

impl Space for Bus {
    fn map(
        &self,
        memory: &Memory,
        first: u64,
        pages: u64,
        direction: Direction,
    ) -> Result<(DeviceAddress, u64), Error> {
        let mut inner = self.0.borrow_mut();
        let pages = pages.min(inner.longest);
        let mapping = memory.map_part(first, pages, Protection::ReadWrite)?;
        let address = inner.next;
        // A page in between belongs to nothing.
        inner.next += (pages + 1) * PAGE_SIZE;
        inner.runs.push(Run { address, pages, direction, mapping });
        Ok((DeviceAddress(address), pages))
    }

    fn unmap(&self, address: DeviceAddress, pages: u64) -> Result<(), Error> {
        let mut inner = self.0.borrow_mut();
        let is_it = |run: &Run| run.address == address.0 && run.pages == pages;
        let place = inner.runs.iter().position(is_it).ok_or(Error::BadAddress)?;
        inner.runs.remove(place);
        Ok(())
    }
}
