//! A disk in memory that records and fails, and volumes on it.

use crate::{Ext4Volume, format};
use files::Time;
use rsext4::{BlockIo, DeviceCapabilities, DeviceGeometry, Ext4Error, Ext4Result, SectorId};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use volume::Opener;

pub const SECTOR: usize = 512;
pub const BLOCK: usize = 4096;
/// Bytes of a disk.
pub const BYTES: usize = 32 << 20;

/// What happened on a disk.
#[derive(Clone, Debug)]
pub enum Event {
    /// Bytes were written at an offset.
    Write(usize, Vec<u8>),
    /// All writes before it last.
    Flush,
    /// The workload noted a number.
    Mark(u32),
}

/// Bytes that are cheap to copy: shared ones, and blocks that were changed.
#[derive(Clone, Debug)]
pub struct Image {
    base: Arc<Vec<u8>>,
    changed: BTreeMap<usize, Arc<[u8; BLOCK]>>,
}

impl Image {
    pub fn of(bytes: Vec<u8>) -> Self {
        Self { base: Arc::new(bytes), changed: BTreeMap::new() }
    }

    fn block(&self, number: usize) -> &[u8] {
        let at = number * BLOCK;
        self.changed.get(&number).map_or(&self.base[at..at + BLOCK], |block| &block[..])
    }

    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        for (offset, sector) in (at..).step_by(SECTOR).zip(bytes.chunks(SECTOR)) {
            let (number, from) = (offset / BLOCK, offset % BLOCK);
            let mut block: [u8; BLOCK] = self.block(number).try_into().unwrap();
            block[from..from + sector.len()].copy_from_slice(sector);
            self.changed.insert(number, Arc::new(block));
        }
    }

    pub fn read(&self, at: usize, into: &mut [u8]) {
        for (offset, sector) in (at..).step_by(SECTOR).zip(into.chunks_mut(SECTOR)) {
            let (number, from) = (offset / BLOCK, offset % BLOCK);
            sector.copy_from_slice(&self.block(number)[from..from + sector.len()]);
        }
    }

    /// All of its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.base.to_vec();
        for (number, block) in &self.changed {
            bytes[number * BLOCK..][..BLOCK].copy_from_slice(&block[..]);
        }
        bytes
    }
}

#[derive(Debug)]
pub struct Platter {
    pub image: Image,
    pub log: Vec<Event>,
    pub records: bool,
    /// Whether every transfer fails.
    pub broken: bool,
}

/// A disk. Copies are the same one.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Mutex<Platter>>);

impl Disk {
    pub fn of(image: Image) -> Self {
        let (log, records, broken) = (Vec::new(), false, false);
        Self(Arc::new(Mutex::new(Platter { image, log, records, broken })))
    }

    /// Without anything on it.
    pub fn blank() -> Self {
        Self::of(Image::of(vec![0; BYTES]))
    }

    /// With an empty volume.
    pub fn formatted() -> Self {
        static EMPTY: OnceLock<Image> = OnceLock::new();
        let empty = EMPTY.get_or_init(|| {
            let disk = Self::blank();
            format(disk.clone(), clock()).unwrap();
            Image::of(disk.image().bytes())
        });
        Self::of(empty.clone())
    }

    pub fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn image(&self) -> Image {
        self.platter().image.clone()
    }

    /// A volume on it.
    pub fn volume(&self) -> Ext4Volume<Self> {
        let disk = self.clone();
        let open: Opener<Self> = Box::new(move || Ok(disk.clone()));
        Ext4Volume::new("disk", open, clock())
    }
}

/// A clock that stands: images are the same in each run.
pub fn clock() -> volume::Clock {
    Arc::new(|| Time(1_700_000_000_000_000_000))
}

impl BlockIo for Disk {
    fn write(&mut self, buffer: &[u8], sector: SectorId, _: u32) -> Ext4Result<()> {
        let mut platter = self.platter();
        if platter.broken {
            return Err(Ext4Error::io());
        }
        let at = sector.as_usize()? * SECTOR;
        platter.image.write(at, buffer);
        if platter.records {
            platter.log.push(Event::Write(at, buffer.to_vec()));
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], sector: SectorId, _: u32) -> Ext4Result<()> {
        let platter = self.platter();
        if platter.broken {
            return Err(Ext4Error::io());
        }
        platter.image.read(sector.as_usize()? * SECTOR, buffer);
        Ok(())
    }

    fn geometry(&self) -> DeviceGeometry {
        DeviceGeometry::new(SECTOR as u32, (BYTES / SECTOR) as u64)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        DeviceCapabilities { flush: true, ..DeviceCapabilities::default() }
    }

    fn flush(&mut self) -> Ext4Result<()> {
        let mut platter = self.platter();
        if platter.broken {
            return Err(Ext4Error::io());
        }
        if platter.records {
            platter.log.push(Event::Flush);
        }
        Ok(())
    }
}

/// What e2fsck says of an image: nothing when it is clean, or is not installed. `replay` lets it
/// replay the journal first.
pub fn complaints(image: &Image, replay: bool) -> Option<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), image.bytes()).unwrap();
    let how = if replay { "-fy" } else { "-fn" };
    let Ok(done) = Command::new("e2fsck").arg(how).arg(file.path()).output() else {
        static TOLD: OnceLock<()> = OnceLock::new();
        TOLD.get_or_init(|| eprintln!("e2fsck is not installed: images are not judged by it"));
        return None;
    };
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let good = match done.status.code() {
        Some(0) => true,
        // The journal was replayed, and nothing else was to repair.
        Some(1) => replay && !text.contains("? yes"),
        _ => false,
    };
    (!good).then_some(text)
}
