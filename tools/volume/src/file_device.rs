//! A raw image file as a block device.

use anyhow::{Context as _, Result};
use hadris_fs::{Error, ErrorKind};
use hadris_io::ErrorType;
use hadris_storage::sync::BlockDevice;
use hadris_storage::{BlockIndex, BlockSize};
use rsext4::{BlockIo, DeviceCapabilities, DeviceGeometry, Ext4Error, Ext4Result, SectorId};
use rustix::fs::{FlockOperation, fcntl_lock};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

const SECTOR: u32 = 512;

/// A raw image file.
#[derive(Debug)]
pub struct FileDevice {
    file: File,
    sectors: u64,
    size: BlockSize,
}

impl FileDevice {
    /// Opens an image to read and write it. QEMU locks the images of its machines: while one runs,
    /// and while another `FileDevice` of another process is open, there is none.
    ///
    /// # Errors
    /// What the host says.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        let locked = fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive);
        locked.context("another program has it open, such as a machine that runs on it")?;
        let sectors = file.metadata()?.len() / u64::from(SECTOR);
        let size = BlockSize::new(SECTOR).context("a sector has 512 bytes")?;
        Ok(Self { file, sectors, size })
    }

    /// The first byte of a request of whole sectors, by bytes alone.
    fn at(&self, first: BlockIndex, len: usize) -> Result<u64, Error<std::io::Error>> {
        let at = first.get().checked_mul(SECTOR.into());
        let end = at.and_then(|at| at.checked_add(len as u64));
        let fits = end.is_some_and(|end| end <= self.sectors * u64::from(SECTOR));
        at.filter(|_| fits).ok_or_else(|| ErrorKind::InvalidInput.into())
    }

    /// The first byte of a request; an error where it is not all on the disk.
    fn place(&self, len: usize, sector: SectorId, count: u32) -> Ext4Result<u64> {
        let bytes = u64::from(count) * u64::from(SECTOR);
        let end = sector.raw().checked_add(u64::from(count));
        let fits = end.is_some_and(|end| end <= self.sectors) && len as u64 == bytes;
        if fits { Ok(sector.raw() * u64::from(SECTOR)) } else { Err(Ext4Error::overflow()) }
    }
}

impl BlockIo for FileDevice {
    fn write(&mut self, buffer: &[u8], sector: SectorId, count: u32) -> Ext4Result<()> {
        let at = self.place(buffer.len(), sector, count)?;
        self.file.write_all_at(buffer, at).map_err(|_| Ext4Error::io())
    }

    fn read(&mut self, buffer: &mut [u8], sector: SectorId, count: u32) -> Ext4Result<()> {
        let at = self.place(buffer.len(), sector, count)?;
        self.file.read_exact_at(buffer, at).map_err(|_| Ext4Error::io())
    }

    fn geometry(&self) -> DeviceGeometry {
        DeviceGeometry::new(SECTOR, self.sectors)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        DeviceCapabilities { flush: true, ..DeviceCapabilities::default() }
    }

    fn flush(&mut self) -> Ext4Result<()> {
        self.file.sync_data().map_err(|_| Ext4Error::io())
    }
}

impl ErrorType for FileDevice {
    type Error = std::io::Error;
}

impl BlockDevice for FileDevice {
    fn block_size(&self) -> BlockSize {
        self.size
    }

    fn block_count(&self) -> u64 {
        self.sectors
    }

    fn writable(&self) -> bool {
        true
    }

    fn read_blocks(
        &mut self,
        first: BlockIndex,
        into: &mut [u8],
    ) -> Result<(), Error<std::io::Error>> {
        let at = self.at(first, into.len())?;
        self.file.read_exact_at(into, at).map_err(|error| Error::device(error, "reading"))
    }

    fn write_blocks(
        &mut self,
        first: BlockIndex,
        from: &[u8],
    ) -> Result<(), Error<std::io::Error>> {
        let at = self.at(first, from.len())?;
        self.file.write_all_at(from, at).map_err(|error| Error::device(error, "writing"))
    }

    fn flush(&mut self) -> Result<(), Error<std::io::Error>> {
        self.file.sync_data().map_err(|error| Error::device(error, "syncing"))
    }
}
