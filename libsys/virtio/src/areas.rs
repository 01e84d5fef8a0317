//! Where the structures of a device are.

use crate::VirtioError;
use alloc::rc::Rc;
use sys::RegisterFile;

/// Some of the registers that were given.
#[derive(Debug)]
pub struct Area<R> {
    registers: Rc<R>,
    offset: usize,
    bytes: usize,
}

impl<R> Clone for Area<R> {
    fn clone(&self) -> Self {
        Self { registers: self.registers.clone(), offset: self.offset, bytes: self.bytes }
    }
}

impl<R: RegisterFile> Area<R> {
    /// These bytes of a file of registers.
    ///
    /// # Errors
    /// [`VirtioError::NoStructure`] when they are not all in it.
    pub fn new(registers: Rc<R>, offset: usize, bytes: usize) -> Result<Self, VirtioError> {
        let end = offset.checked_add(bytes).ok_or(VirtioError::NoStructure)?;
        if end > registers.len() {
            return Err(VirtioError::NoStructure);
        }
        Ok(Self { registers, offset, bytes })
    }

    /// Its size in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The registers, and where this register of `bytes` bytes is among them.
    pub(crate) fn locate(&self, offset: usize, bytes: usize) -> Option<(&R, usize)> {
        let end = offset.checked_add(bytes)?;
        (end <= self.bytes).then(|| (&*self.registers, self.offset + offset))
    }

    pub(crate) fn read_u8(&self, offset: usize) -> Option<u8> {
        let (registers, at) = self.locate(offset, 1)?;
        registers.read_u8(at).ok()
    }

    pub(crate) fn read_u16(&self, offset: usize) -> Option<u16> {
        let (registers, at) = self.locate(offset, 2)?;
        registers.read_u16(at).ok()
    }

    pub(crate) fn read_u32(&self, offset: usize) -> Option<u32> {
        let (registers, at) = self.locate(offset, 4)?;
        registers.read_u32(at).ok()
    }

    pub(crate) fn write_u8(&self, offset: usize, value: u8) -> Option<()> {
        let (registers, at) = self.locate(offset, 1)?;
        registers.write_u8(at, value).ok()
    }

    pub(crate) fn write_u16(&self, offset: usize, value: u16) -> Option<()> {
        let (registers, at) = self.locate(offset, 2)?;
        registers.write_u16(at, value).ok()
    }

    pub(crate) fn write_u32(&self, offset: usize, value: u32) -> Option<()> {
        let (registers, at) = self.locate(offset, 4)?;
        registers.write_u32(at, value).ok()
    }

    /// 64 bits as two halves, as the standard wants it.
    pub(crate) fn write_u64(&self, offset: usize, value: u64) -> Option<()> {
        let [low, high] = crate::registers::halves(value);
        self.write_u32(offset, low)?;
        self.write_u32(offset + 4, high)
    }
}

/// The structures of a device.
#[derive(Clone, Debug)]
pub struct Areas<R> {
    /// The common configuration.
    pub common: Area<R>,
    /// The doorbells of the queues.
    pub notify: Area<R>,
    /// Bytes between two doorbells.
    pub multiplier: u32,
    /// The configuration of the device type, if it has one.
    pub device: Option<Area<R>>,
}
