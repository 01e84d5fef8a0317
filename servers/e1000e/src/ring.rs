//! A ring of descriptors.

use dma::Part;
use sys::{DeviceAddress, Error};

/// Descriptors of a ring, and bytes of one. The device wants a multiple of 128 bytes.
pub(crate) const SIZE: usize = 128;
const BYTES: usize = 16;
/// Bytes of a ring.
pub(crate) const RING_BYTES: usize = SIZE * BYTES;
/// Where the flags are that the device writes, and the one that says that it has.
const STATUS: usize = 12;
const DONE: u8 = 1;

/// A descriptor that the device is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) tag: u16,
    pub(crate) bytes: u16,
    pub(crate) status: u8,
    pub(crate) errors: u8,
}

/// A ring. Descriptors are given and come back in order.
#[derive(Debug)]
pub(crate) struct Ring {
    part: Part,
    /// The slots that the device has, by their descriptors.
    tags: [Option<u16>; SIZE],
    /// The next descriptor to give, and the next to come back.
    next: usize,
    oldest: usize,
}

impl Ring {
    /// Over memory that the device reaches.
    pub(crate) fn new(part: Part) -> Self {
        Self { part, tags: [None; SIZE], next: 0, oldest: 0 }
    }

    /// Where the device finds it.
    pub(crate) fn address(&self) -> DeviceAddress {
        self.part.device()
    }

    /// The first descriptor that the device does not have.
    pub(crate) fn tail(&self) -> u32 {
        u32::try_from(self.next).unwrap_or(0)
    }

    /// Gives a slot to the device: whether there was room. One descriptor stays free, since a full
    /// ring would look empty.
    ///
    /// # Errors
    /// Those of memory, of which there are none for a ring of the right size.
    pub(crate) fn give(
        &mut self,
        tag: u16,
        address: DeviceAddress,
        bytes: u16,
        command: u8,
    ) -> Result<bool, Error> {
        let after = (self.next + 1) % SIZE;
        if after == self.oldest {
            return Ok(false);
        }
        let mut descriptor = [0; BYTES];
        descriptor[..8].copy_from_slice(&address.0.to_le_bytes());
        descriptor[8..10].copy_from_slice(&bytes.to_le_bytes());
        descriptor[11] = command;
        self.part.write(self.next * BYTES, &descriptor)?;
        if let Some(its) = self.tags.get_mut(self.next) {
            *its = Some(tag);
        }
        self.next = after;
        Ok(true)
    }

    /// The oldest descriptor, if the device is done with it.
    ///
    /// # Errors
    /// As for [`Ring::give`].
    pub(crate) fn take(&mut self) -> Result<Option<Done>, Error> {
        if self.oldest == self.next {
            return Ok(None);
        }
        let at = self.oldest * BYTES;
        let mut status = [0];
        self.part.read(at + STATUS, &mut status)?;
        if status[0] & DONE == 0 {
            return Ok(None);
        }
        // The rest is read after the flag that says that it is there.
        let mut descriptor = [0; BYTES];
        self.part.read(at, &mut descriptor)?;
        let tag = self.tags.get_mut(self.oldest).and_then(Option::take);
        self.oldest = (self.oldest + 1) % SIZE;
        Ok(tag.map(|tag| Done {
            tag,
            bytes: u16::from_le_bytes([descriptor[8], descriptor[9]]),
            status: status[0],
            errors: descriptor[13],
        }))
    }

    /// Whether a descriptor is there to be taken.
    pub(crate) fn has_done(&self) -> bool {
        let mut status = [0];
        let read = self.part.read(self.oldest * BYTES + STATUS, &mut status);
        self.oldest != self.next && read.is_ok() && status[0] & DONE != 0
    }
}
