//! A disk in memory, and volumes on it.

use crate::{FatVolume, format};
use files::Time;
use hadris_fs::{Error, Finding};
use hadris_io::ErrorType;
use hadris_storage::sync::BlockDevice;
use hadris_storage::{BlockIndex, BlockSize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

pub const SECTOR: usize = 512;

/// Bytes that are cheap to copy: shared ones, and sectors that were changed.
#[derive(Clone)]
pub struct Image {
    base: Arc<Vec<u8>>,
    changed: BTreeMap<usize, [u8; SECTOR]>,
}

impl Image {
    pub fn sector(&self, number: usize) -> &[u8] {
        let base = || &self.base[number * SECTOR..][..SECTOR];
        self.changed.get(&number).map_or_else(base, |sector| &sector[..])
    }

    pub fn write(&mut self, number: usize, sector: &[u8]) {
        self.changed.insert(number, sector.try_into().unwrap());
    }
}

/// What happened on a disk.
#[derive(Clone)]
pub enum Event {
    /// A sector was written.
    Write(usize, Vec<u8>),
    /// All writes before it last.
    Flush,
    /// A test noted a number.
    Mark(usize),
}

/// A disk whose bytes others see.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<Image>>, Arc<Mutex<Vec<Event>>>);

impl Disk {
    pub fn of(image: Image) -> Self {
        Self(Arc::new(Mutex::new(image)), Arc::default())
    }

    pub fn log(&self, event: Event) {
        self.1.lock().unwrap().push(event);
    }

    /// What happened since it was formatted.
    pub fn take_log(&self) -> Vec<Event> {
        std::mem::take(&mut self.1.lock().unwrap())
    }

    pub fn formatted(bytes: usize) -> Self {
        let base = Arc::new(vec![0; bytes]);
        let mut disk = Self::of(Image { base, changed: BTreeMap::new() });
        format(&mut disk, Time(1_800_000_000_000_000_000)).unwrap();
        disk.take_log();
        disk
    }

    pub fn image(&self) -> Image {
        self.0.lock().unwrap().clone()
    }

    /// A volume on it. Its clock moves 10 milliseconds at each look.
    pub fn volume(&self) -> FatVolume<Self> {
        let (disk, now) = (self.clone(), AtomicU64::new(1_800_000_000_000_000_000));
        let clock = move || Time(now.fetch_add(10_000_000, Ordering::Relaxed));
        FatVolume::new("disk", Box::new(move || Ok(disk.clone())), Arc::new(clock))
    }

    /// What a check of the format finds.
    pub fn complaints(&self) -> Vec<String> {
        let mut found = Vec::new();
        let checked = hadris_fat::sync::check(
            &mut self.clone(),
            &mut vec![0; 1 << 20],
            |finding: &Finding<'_>| {
                found.push(format!("{finding:?}"));
            },
        );
        checked.unwrap();
        found
    }
}

impl ErrorType for Disk {
    type Error = Infallible;
}

impl BlockDevice for Disk {
    fn block_size(&self) -> BlockSize {
        BlockSize::new(SECTOR as u32).unwrap()
    }

    fn block_count(&self) -> u64 {
        (self.0.lock().unwrap().base.len() / SECTOR) as u64
    }

    fn writable(&self) -> bool {
        true
    }

    fn read_blocks(&mut self, first: BlockIndex, into: &mut [u8]) -> Result<(), Error<Infallible>> {
        let image = self.0.lock().unwrap();
        for (number, sector) in (first.get() as usize..).zip(into.chunks_mut(SECTOR)) {
            sector.copy_from_slice(image.sector(number));
        }
        Ok(())
    }

    fn write_blocks(&mut self, first: BlockIndex, from: &[u8]) -> Result<(), Error<Infallible>> {
        let mut image = self.0.lock().unwrap();
        for (number, sector) in (first.get() as usize..).zip(from.chunks(SECTOR)) {
            image.write(number, sector);
            self.log(Event::Write(number, sector.to_vec()));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error<Infallible>> {
        self.log(Event::Flush);
        Ok(())
    }
}
