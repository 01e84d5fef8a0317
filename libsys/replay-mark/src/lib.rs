//! The mark in the superblock that the journal must be replayed.
//!
//! `rsext4` journals the superblock like any other block: when it begins, the mark is in the journal
//! alone, and when it ends, the mark may be gone from the disk before all that the journal held is
//! in its place. A power cut then leaves a journal that is not replayed. So the mark is kept here,
//! below: it is on the disk before the first write of a mount, and leaves it after a flush of the
//! last.
//!
//! All that mounts a volume to write goes through it: the server `ext4`, and the tools of the host.
//!
//! **Errors** are those of the disk.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::rc::Rc;
use alloc::vec;
use core::cell::RefCell;
use core::ops::Range;
use rsext4::crc32c::{crc32c_append, crc32c_init};
use rsext4::{BlockIo, DeviceCapabilities, DeviceGeometry, Ext4Error, Ext4Result, SectorId};

/// Where the superblock is on the disk.
const AT: usize = 1024;
const LEN: usize = 1024;
const MAGIC: (usize, u32) = (0x38, 0xef53);
/// The state: errors were noted.
const ERRORS: (usize, u32) = (0x3a, 2);
const HAS_JOURNAL: (usize, u32) = (0x5c, 4);
const REPLAY: (usize, u32) = (0x60, 4);
const CHECKSUMS: (usize, u32) = (0x64, 0x400);
const CHECKSUM: usize = 0x3fc;

type Superblock = [u8; LEN];

/// A disk that keeps the mark. Copies are the same one.
pub struct Marked<D>(Rc<RefCell<Inner<D>>>);

struct Inner<D> {
    device: D,
    /// Whether the superblock on the disk has the mark.
    in_use: bool,
    /// The superblock as `rsext4` wrote it, while the one on the disk differs.
    written: Option<Superblock>,
    /// Writes since the mount began.
    writes: usize,
}

impl<D> Clone for Marked<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D> core::fmt::Debug for Marked<D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Marked").finish_non_exhaustive()
    }
}

impl<D: BlockIo> Marked<D> {
    /// Over this disk.
    pub fn new(device: D) -> Self {
        Self(Rc::new(RefCell::new(Inner { device, in_use: false, written: None, writes: 0 })))
    }

    /// The number of writes since the mount began.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.0.borrow().writes
    }

    /// Counts writes from 0 again.
    pub fn count_anew(&self) {
        self.0.borrow_mut().writes = 0;
    }

    /// Before a mount that writes: sets the mark, in a superblock that is good.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn begin(&self) -> Ext4Result<()> {
        let inner = &mut *self.0.borrow_mut();
        inner.writes = 0;
        let found = inner.superblock()?;
        if !can_be_marked(&found) {
            return Ok(());
        }
        if !has(&found, REPLAY) {
            inner.put(&marked(found))?;
            inner.device.flush()?;
            inner.written = Some(found);
        }
        inner.in_use = true;
        Ok(())
    }

    /// After an unmount: all that it wrote lasts, then the mark goes.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn end(&self) -> Ext4Result<()> {
        let inner = &mut *self.0.borrow_mut();
        inner.device.flush()?;
        if let Some(written) = inner.written {
            inner.put(&written)?;
            inner.device.flush()?;
        }
        inner.written = None;
        inner.in_use = false;
        Ok(())
    }
}

impl<D: BlockIo> Inner<D> {
    fn sector_bytes(&self) -> usize {
        usize::try_from(self.device.geometry().logical_block_size).unwrap_or(1).max(1)
    }

    /// Sectors that hold the superblock: the first, the number, and its place in them.
    fn place(&self) -> (SectorId, u32, usize) {
        let size = self.sector_bytes();
        let (first, end) = (AT / size, (AT + LEN).div_ceil(size));
        (SectorId::new(first as u64), u32::try_from(end - first).unwrap_or(1), AT % size)
    }

    fn sectors(&mut self) -> Ext4Result<alloc::vec::Vec<u8>> {
        let (first, count, _) = self.place();
        let count_bytes = usize::try_from(count).unwrap_or(1).saturating_mul(self.sector_bytes());
        let mut sectors = vec![0; count_bytes];
        self.device.read(&mut sectors, first, count)?;
        Ok(sectors)
    }

    fn superblock(&mut self) -> Ext4Result<Superblock> {
        let (_, _, from) = self.place();
        let sectors = self.sectors()?;
        let found = sectors.get(from..from + LEN).and_then(|found| found.try_into().ok());
        found.ok_or_else(Ext4Error::io)
    }

    fn put(&mut self, superblock: &Superblock) -> Ext4Result<()> {
        let (first, count, from) = self.place();
        let mut sectors = self.sectors()?;
        let place = sectors.get_mut(from..from + LEN).ok_or_else(Ext4Error::io)?;
        place.copy_from_slice(superblock);
        self.device.write(&sectors, first, count)
    }

    /// The part of a transfer that is the superblock.
    fn part(&self, len: usize, sector: SectorId) -> Option<Range<usize>> {
        let size = u64::from(self.device.geometry().logical_block_size);
        let at = usize::try_from(sector.raw().checked_mul(size)?).ok()?;
        let from = AT.checked_sub(at)?;
        (from + LEN <= len).then_some(from..from + LEN)
    }
}

impl<D: BlockIo> BlockIo for Marked<D> {
    fn write(&mut self, buffer: &[u8], sector: SectorId, count: u32) -> Ext4Result<()> {
        let inner = &mut *self.0.borrow_mut();
        inner.writes += 1;
        let part = inner.part(buffer.len(), sector).filter(|_| inner.in_use);
        let Some(part) = part else { return inner.device.write(buffer, sector, count) };
        let mut copy = buffer.to_vec();
        if let Some(place) = copy.get_mut(part)
            && let Ok(written) = Superblock::try_from(&*place)
        {
            place.copy_from_slice(&marked(written));
            inner.written = Some(written);
        }
        inner.device.write(&copy, sector, count)
    }

    fn read(&mut self, buffer: &mut [u8], sector: SectorId, count: u32) -> Ext4Result<()> {
        let inner = &mut *self.0.borrow_mut();
        inner.device.read(buffer, sector, count)?;
        if let Some(part) = inner.part(buffer.len(), sector)
            && let (Some(place), Some(written)) = (buffer.get_mut(part), &inner.written)
        {
            place.copy_from_slice(written);
        }
        Ok(())
    }

    fn geometry(&self) -> DeviceGeometry {
        self.0.borrow().device.geometry()
    }

    fn capabilities(&self) -> DeviceCapabilities {
        self.0.borrow().device.capabilities()
    }

    fn flush(&mut self) -> Ext4Result<()> {
        self.0.borrow_mut().device.flush()
    }
}

/// Whether it is the superblock of a volume with a journal, whole, and without noted errors.
fn can_be_marked(superblock: &Superblock) -> bool {
    let is_ext4 = word(superblock, MAGIC.0) & 0xffff == MAGIC.1;
    let is_whole =
        !has(superblock, CHECKSUMS) || word(superblock, CHECKSUM) == checksum(superblock);
    is_ext4 && is_whole && has(superblock, HAS_JOURNAL) && !has(superblock, ERRORS)
}

/// The same superblock with the mark.
fn marked(mut superblock: Superblock) -> Superblock {
    if has(&superblock, HAS_JOURNAL) {
        let features = word(&superblock, REPLAY.0) | REPLAY.1;
        set_word(&mut superblock, REPLAY.0, features);
        if has(&superblock, CHECKSUMS) {
            let sum = checksum(&superblock);
            set_word(&mut superblock, CHECKSUM, sum);
        }
    }
    superblock
}

fn has(superblock: &Superblock, (at, bits): (usize, u32)) -> bool {
    word(superblock, at) & bits != 0
}

fn checksum(superblock: &Superblock) -> u32 {
    crc32c_append(crc32c_init(), superblock.get(..CHECKSUM).unwrap_or_default())
}

fn word(superblock: &Superblock, at: usize) -> u32 {
    let bytes = superblock.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    u32::from_le_bytes(bytes.unwrap_or_default())
}

fn set_word(superblock: &mut Superblock, at: usize, word: u32) {
    if let Some(place) = superblock.get_mut(at..at + 4) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}
