//! The device's side of a split virtqueue.

use crate::device::Bus;
use std::collections::VecDeque;

/// Bytes of a descriptor.
const DESCRIPTOR: u64 = 16;
const NEXT: u64 = 1;
const WRITE: u64 = 2;

/// A request: buffers by device address and length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The first descriptor.
    pub head: u16,
    /// What the device reads.
    pub readable: Vec<(u64, u32)>,
    /// What the device writes.
    pub writable: Vec<(u64, u32)>,
}

impl Chain {
    /// All bytes that the device reads.
    pub fn read(&self, bus: &Bus) -> Vec<u8> {
        let mut all = Vec::new();
        for (address, bytes) in &self.readable {
            let start = all.len();
            all.resize(start + *bytes as usize, 0);
            bus.read(*address, &mut all[start..]);
        }
        all
    }

    /// Writes into the buffers for that, one after the other, what there is room for: the number
    /// of bytes.
    pub fn write(&self, bus: &Bus, mut bytes: &[u8]) -> u32 {
        let mut written = 0;
        for (address, room) in &self.writable {
            let (now, rest) = bytes.split_at(bytes.len().min(*room as usize));
            bus.write(*address, now);
            written += u32::try_from(now.len()).unwrap_or(0);
            bytes = rest;
        }
        written
    }

    /// The number of bytes that can be written.
    pub fn room(&self) -> usize {
        self.writable.iter().map(|(_, bytes)| *bytes as usize).sum()
    }
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) size: u16,
    pub(super) vector: u16,
    pub(super) enabled: bool,
    /// Descriptors, driver's part, device's part.
    pub(super) parts: [u64; 3],
    seen: u16,
    used: u16,
    held: Vec<Chain>,
    /// What the model keeps.
    kept: VecDeque<Chain>,
}

impl Queue {
    /// As after a reset.
    pub(super) fn new(size: u16, vector: u16) -> Self {
        Self { size, vector, ..Self::default() }
    }

    /// The next request.
    pub(super) fn next(&mut self, bus: &Bus) -> Result<Option<Chain>, String> {
        if !self.enabled {
            return Err("a doorbell of a queue that is not enabled".to_owned());
        }
        let [_, driver, _] = self.parts;
        let index = bus.number::<2>(driver + 2);
        if u64::from(self.seen) == index {
            return Ok(None);
        }
        let place = driver + 4 + 2 * u64::from(self.seen % self.size);
        self.seen = self.seen.wrapping_add(1);
        self.chain(bus.number::<2>(place), bus).map(Some)
    }

    fn chain(&self, head: u64, bus: &Bus) -> Result<Chain, String> {
        let mut chain = Chain { head: u16::try_from(head).unwrap_or(0), ..Chain::default() };
        let mut number = head;
        for _ in 0..self.size {
            if number >= u64::from(self.size) {
                return Err(format!("there is no descriptor {number}"));
            }
            let place = self.parts[0] + number * DESCRIPTOR;
            let (address, bytes) = (bus.number::<8>(place), bus.number::<4>(place + 8));
            let (flags, next) = (bus.number::<2>(place + 12), bus.number::<2>(place + 14));
            let buffer = (address, u32::try_from(bytes).unwrap_or(0));
            if flags & WRITE != 0 {
                chain.writable.push(buffer);
            } else if chain.writable.is_empty() {
                chain.readable.push(buffer);
            } else {
                return Err("a buffer to read after one to write".to_owned());
            }
            if flags & NEXT == 0 {
                return Ok(chain);
            }
            number = next;
        }
        Err("a chain without an end".to_owned())
    }

    /// Says that a request is completed; the index goes on by this much.
    pub(super) fn complete(&mut self, bus: &Bus, id: u32, written: u32, by: u16) {
        let [_, _, device] = self.parts;
        let place = device + 4 + 8 * u64::from(self.used % self.size);
        bus.write(place, &id.to_le_bytes());
        bus.write(place + 4, &written.to_le_bytes());
        self.used = self.used.wrapping_add(by);
        bus.write(device + 2, &self.used.to_le_bytes());
    }

    pub(super) fn wants_interrupt(&self, bus: &Bus) -> bool {
        let [_, driver, _] = self.parts;
        bus.number::<2>(driver) & 1 == 0
    }

    pub(super) fn hold(&mut self, chain: Chain) {
        self.held.push(chain);
    }

    pub(super) fn keep(&mut self, chain: Chain) {
        self.kept.push_back(chain);
    }

    pub(super) fn take_kept(&mut self) -> Option<Chain> {
        self.kept.pop_front()
    }

    pub(super) fn take_held(&mut self) -> Vec<Chain> {
        std::mem::take(&mut self.held)
    }
}
