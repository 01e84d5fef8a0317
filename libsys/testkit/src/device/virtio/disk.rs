//! A virtio block device. Source: virtio 1.2, section 5.2.

use super::{Chain, Model};
use crate::device::Bus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SECTOR: usize = 512;
const READ_ONLY: u64 = 1 << 5;
const FLUSH: u64 = 1 << 9;
const DISCARD: u64 = 1 << 13;

const OK: u8 = 0;
const IO_ERROR: u8 = 1;
const UNSUPPORTED: u8 = 2;

/// A disk in memory.
#[derive(Debug, Default)]
pub struct Disk {
    /// What it holds: two devices can have one disk, as two lives of a driver do.
    pub bytes: Arc<Mutex<Vec<u8>>>,
    /// What its serial number is; at most 20 bytes.
    pub serial: Vec<u8>,
    /// Whether it cannot be written.
    pub read_only: bool,
    /// The number of flushes.
    pub flushes: u64,
    /// Whether it offers to discard.
    pub discards: bool,
    /// The sectors that cannot be read or written.
    pub broken: Vec<u64>,
    /// What it says in place of each status, as a hostile one does.
    pub status: Option<u8>,
}

impl Disk {
    /// A disk of this number of sectors, with zeros.
    pub fn new(sectors: usize) -> Self {
        Self::over(&Arc::new(Mutex::new(vec![0; sectors * SECTOR])))
    }

    /// A disk that holds these bytes.
    pub fn over(bytes: &Arc<Mutex<Vec<u8>>>) -> Self {
        let bytes = bytes.clone();
        Self { bytes, serial: b"fake-disk-1".to_vec(), discards: true, ..Self::default() }
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of a request: where it begins, of a sector.
    fn place(&self, sector: u64, bytes: usize) -> Option<std::ops::Range<usize>> {
        let start = usize::try_from(sector).ok()?.checked_mul(SECTOR)?;
        let end = start.checked_add(bytes)?;
        let sectors = sector..sector + bytes.div_ceil(SECTOR) as u64;
        let good = end <= self.bytes().len() && bytes.is_multiple_of(SECTOR);
        (good && !self.broken.iter().any(|sector| sectors.contains(sector))).then_some(start..end)
    }

    fn read(&self, sector: u64, chain: &Chain) -> (Vec<u8>, u8) {
        match self.place(sector, chain.room() - 1) {
            Some(place) => (self.bytes()[place].to_vec(), OK),
            None => (vec![0xee; chain.room() - 1], IO_ERROR),
        }
    }

    fn write(&mut self, sector: u64, data: &[u8]) -> u8 {
        match self.place(sector, data.len()) {
            Some(place) if !self.read_only => self.bytes()[place].copy_from_slice(data),
            _ => return IO_ERROR,
        }
        OK
    }

    fn discard(&mut self, data: &[u8]) -> u8 {
        let Some((first, rest)) = data.split_first_chunk::<8>() else { return IO_ERROR };
        let Some((count, _)) = rest.split_first_chunk::<4>() else { return IO_ERROR };
        let bytes = u32::from_le_bytes(*count) as usize * SECTOR;
        match self.place(u64::from_le_bytes(*first), bytes) {
            Some(place) if self.discards => self.bytes()[place].fill(0xdd),
            _ => return IO_ERROR,
        }
        OK
    }
}

impl Model for Disk {
    fn features(&self) -> u64 {
        let read_only = if self.read_only { READ_ONLY } else { 0 };
        let discard = if self.discards { DISCARD } else { 0 };
        FLUSH | read_only | discard
    }

    fn config(&self) -> Vec<u8> {
        let mut config = vec![0; 60];
        config[..8].copy_from_slice(&((self.bytes().len() / SECTOR) as u64).to_le_bytes());
        config[36..40].copy_from_slice(&64_u32.to_le_bytes());
        config[40..44].copy_from_slice(&1_u32.to_le_bytes());
        config[44..48].copy_from_slice(&1_u32.to_le_bytes());
        config
    }

    fn serve(&mut self, chain: &Chain, bus: &Bus) -> u32 {
        let request = chain.read(bus);
        let Some((header, data)) = request.split_first_chunk::<16>() else { return 0 };
        let [a, b, c, d, _, _, _, _, sector @ ..] = *header;
        let sector = u64::from_le_bytes(sector);
        let (mut answer, status) = match u32::from_le_bytes([a, b, c, d]) {
            0 => self.read(sector, chain),
            1 => (Vec::new(), self.write(sector, data)),
            4 => {
                self.flushes += 1;
                (Vec::new(), OK)
            }
            8 => {
                let mut serial = self.serial.clone();
                serial.resize(20, 0);
                (serial, OK)
            }
            11 => (Vec::new(), self.discard(data)),
            _ => (vec![0; chain.room() - 1], UNSUPPORTED),
        };
        answer.push(self.status.unwrap_or(status));
        chain.write(bus, &answer)
    }
}
