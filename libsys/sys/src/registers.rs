//! Registers of a device, mapped into this process.
//!
//! Shape: each access is checked (bounds, alignment to its size) and is one load or store of its
//! size that the compiler neither drops nor moves nor splits. In 32-bit programs an access of
//! 64 bits is two of 32, the lower half first. Byte order: little endian, as on the PCI bus.

#[cfg_attr(target_os = "none", path = "registers/native.rs")]
#[cfg_attr(not(target_os = "none"), path = "registers/hosted.rs")]
mod access;

use crate::{Error, Mapping, Memory, Protection};

/// Registers that can be read and written at offsets in bytes: a device's, or in host tests a
/// fake device's.
///
/// # Errors
/// Of all methods: `BadAddress` beyond the end, or for an offset that is no multiple of the size.
pub trait RegisterFile {
    /// The number of bytes.
    fn len(&self) -> usize;
    /// Whether there are no registers.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Reads 8 bits.
    fn read_u8(&self, offset: usize) -> Result<u8, Error>;
    /// Reads 16 bits.
    fn read_u16(&self, offset: usize) -> Result<u16, Error>;
    /// Reads 32 bits.
    fn read_u32(&self, offset: usize) -> Result<u32, Error>;
    /// Reads 64 bits.
    fn read_u64(&self, offset: usize) -> Result<u64, Error>;
    /// Writes 8 bits.
    fn write_u8(&self, offset: usize, value: u8) -> Result<(), Error>;
    /// Writes 16 bits.
    fn write_u16(&self, offset: usize, value: u16) -> Result<(), Error>;
    /// Writes 32 bits.
    fn write_u32(&self, offset: usize, value: u32) -> Result<(), Error>;
    /// Writes 64 bits.
    fn write_u64(&self, offset: usize, value: u64) -> Result<(), Error>;
}

/// Device registers, mapped for reading and writing; unmapped on drop.
#[derive(Debug)]
#[must_use = "dropping it unmaps"]
pub struct Registers(Mapping);

impl Memory {
    /// Maps some pages of a device's memory as registers. The handle must have the rights to read
    /// and to write.
    pub fn map_registers(&self, first: u64, pages: u64) -> Result<Registers, Error> {
        self.map_part(first, pages, Protection::ReadWrite).map(Registers)
    }
}

impl Registers {
    /// The address of a register of type `T`, which is a number.
    #[inline]
    fn at<T>(&self, offset: usize) -> Result<*mut T, Error> {
        let end = offset.checked_add(size_of::<T>()).ok_or(Error::BadAddress)?;
        if end > self.0.len() || !offset.is_multiple_of(size_of::<T>()) {
            return Err(Error::BadAddress);
        }
        Ok(self.0.pointer().wrapping_add(offset).cast())
    }
}

/// The methods of one size.
macro_rules! access {
    ($read:ident, $write:ident, $number:ty) => {
        #[inline]
        fn $read(&self, offset: usize) -> Result<$number, Error> {
            let from = self.at::<$number>(offset)?;
            // SAFETY: `at` checked bounds and alignment; mapped while `self` lives.
            Ok(unsafe { access::$read(from) })
        }

        #[inline]
        fn $write(&self, offset: usize, value: $number) -> Result<(), Error> {
            let to = self.at::<$number>(offset)?;
            // SAFETY: as in the read, and mapped for writing.
            unsafe { access::$write(to, value) };
            Ok(())
        }
    };
}

impl RegisterFile for Registers {
    fn len(&self) -> usize {
        self.0.len()
    }

    access!(read_u8, write_u8, u8);
    access!(read_u16, write_u16, u16);
    access!(read_u32, write_u32, u32);
    access!(read_u64, write_u64, u64);
}
