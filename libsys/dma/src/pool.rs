//! The pool, and parts of it for a driver's own use.

use crate::foreign::make_stand_in;
use crate::space::{Space, map_run};
use crate::state::{self, State};
use alloc::boxed::Box;
use core::ptr::NonNull;
use sys::{DeviceAddress, Error, Mapping, Memory, PAGE_SIZE, Protection};

/// Contiguous memory that driver and device share. It lives as long as the driver: what is taken
/// from it is not given back, so that no memory has two uses in a device's sight.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    mapping: &'static Mapping,
    device: DeviceAddress,
}

impl Pool {
    /// Makes the pool of this process, once: zeroed pages, mapped for the device to be read and written.
    ///
    /// # Errors
    /// `BadState` when the process has a pool, `OutOfMemory` when there are not this many pages
    /// that lie together; what the kernel refuses.
    pub fn open(space: &impl Space, pages: u64) -> Result<Self, Error> {
        state::with(State::claim_pool)?;
        let pool = Self::make(space, pages);
        if pool.is_err() {
            state::with(State::release_pool);
        }
        pool
    }

    fn make(space: &impl Space, pages: u64) -> Result<Self, Error> {
        let memory = Memory::create_contiguous(pages)?;
        let mapping = memory.map_own(Protection::ReadWrite)?;
        let device = map_run(space, &memory, pages)?;
        let mapping = Box::leak(Box::new(mapping));
        let start = mapping.as_mut_ptr().expose_provenance();
        state::with(|state| state.set_pool(start, mapping.len(), device));
        make_stand_in();
        Ok(Self { mapping, device })
    }

    /// Takes zeroed bytes, aligned to 64.
    ///
    /// # Errors
    /// `OutOfMemory` when the pool has not so much left.
    pub fn take(&self, bytes: usize) -> Result<Part, Error> {
        self.take_aligned(bytes, 64)
    }

    /// Takes zeroed whole pages.
    ///
    /// # Errors
    /// As for [`Pool::take`].
    pub fn take_pages(&self, pages: usize) -> Result<Part, Error> {
        let page = usize::try_from(PAGE_SIZE).map_err(|_| Error::BadArgument)?;
        let bytes = pages.checked_mul(page).ok_or(Error::BadArgument)?;
        self.take_aligned(bytes, page)
    }

    fn take_aligned(&self, bytes: usize, align: usize) -> Result<Part, Error> {
        let Self { mapping, device } = *self;
        let offset = state::with(|state| state.take(bytes, align)).ok_or(Error::OutOfMemory)?;
        Ok(Part { mapping, device: device.plus(offset as u64), offset, bytes })
    }
}

/// Some bytes of the pool. Copies are windows on the same bytes; each access is a copy in or out,
/// because the device may write at any time.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    mapping: &'static Mapping,
    device: DeviceAddress,
    offset: usize,
    bytes: usize,
}

impl Part {
    /// Its size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// A part of it.
    ///
    /// # Errors
    /// `BadAddress` beyond its end.
    pub fn part(&self, offset: usize, bytes: usize) -> Result<Self, Error> {
        self.check(offset, bytes)?;
        let device = self.device.plus(offset as u64);
        Ok(Self { device, offset: self.offset + offset, bytes, ..*self })
    }

    /// Copies bytes out.
    ///
    /// # Errors
    /// `BadAddress` beyond its end.
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), Error> {
        self.check(offset, into.len())?;
        self.mapping.read_at(self.offset + offset, into)
    }

    /// Copies bytes in.
    ///
    /// # Errors
    /// `BadAddress` beyond its end.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        self.check(offset, bytes.len())?;
        self.mapping.write_at(self.offset + offset, bytes)
    }

    /// Where the device finds it.
    #[must_use]
    pub fn device(&self) -> DeviceAddress {
        self.device
    }

    /// Its first byte here: mapped for its length as long as the process lives.
    pub(crate) fn pointer(&self) -> Option<NonNull<u8>> {
        NonNull::new(self.mapping.as_mut_ptr().wrapping_add(self.offset))
    }

    fn check(&self, offset: usize, bytes: usize) -> Result<(), Error> {
        let end = offset.checked_add(bytes).ok_or(Error::BadAddress)?;
        if end <= self.bytes { Ok(()) } else { Err(Error::BadAddress) }
    }
}

#[cfg(test)]
mod tests {
    use super::Pool;
    use crate::Space;
    use sys::{DeviceAddress, Direction, Error, Memory};

    /// A device that reaches at most this many pages, at this address.
    struct Fake {
        address: u64,
        pages: u64,
    }

    impl Space for Fake {
        fn map(
            &self,
            _: &Memory,
            _: u64,
            pages: u64,
            _: Direction,
        ) -> Result<(DeviceAddress, u64), Error> {
            Ok((DeviceAddress(self.address), pages.min(self.pages)))
        }

        fn unmap(&self, _: DeviceAddress, _: u64) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn a_second_pool_is_refused_and_the_first_stays() {
        let few = Fake { address: 0x10000, pages: 1 };
        assert_eq!(Pool::open(&few, 2).err(), Some(Error::OutOfMemory));
        // What failed is no pool.
        let first = Pool::open(&Fake { address: 0x20000, pages: 8 }, 2).unwrap();
        let part = first.take(100).unwrap();
        let start = part.pointer().unwrap().addr().get();
        let second = Pool::open(&Fake { address: 0x90000, pages: 8 }, 2);
        assert_eq!(second.err(), Some(Error::BadState));
        let found = crate::state::with(|state| state.translate(start, 100));
        assert_eq!(found, Some(part.device().0));
        assert_eq!(first.take(1).unwrap().device(), DeviceAddress(0x20000 + 128));
    }
}
