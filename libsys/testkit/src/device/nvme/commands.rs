//! What commands do.

use super::Nvme;
use super::queue::Pair;
use std::sync::PoisonError;

const PAGE: usize = 4096;
/// Status codes: invalid opcode, invalid field, out of range.
const INVALID_OPCODE: u16 = 1;
const INVALID_FIELD: u16 = 2;
const OUT_OF_RANGE: u16 = 0x80;

/// A command.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Command {
    opcode: u8,
    pub(super) id: u16,
    /// Where its data is: two entries.
    pages: [u64; 2],
    /// Dwords 10 to 12.
    words: [u32; 3],
}

impl Command {
    pub(super) fn read(bytes: &[u8; 64]) -> Self {
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let long = |at| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        Self {
            opcode: bytes[0],
            id: u16::from_le_bytes([bytes[2], bytes[3]]),
            pages: [long(24), long(32)],
            words: [word(40), word(44), word(48)],
        }
    }
}

impl Nvme {
    /// Does what a command asks for: status and result.
    pub(super) fn carry_out(&self, command: &Command, pair: usize) -> (u16, u32) {
        let [first, second, _] = command.words;
        match (pair, command.opcode) {
            (0, 0x01 | 0x05) => (self.create_queue(command), 0),
            (0, 0x06) => (self.identify(command, first & 0xff), 0),
            (0, 0x09) => (0, second),
            (1.., 0x00) => {
                self.flushes.set(self.flushes.get() + 1);
                (0, 0)
            }
            (1.., 0x01 | 0x02) => (self.transfer(command), 0),
            _ => (INVALID_OPCODE, 0),
        }
    }

    fn create_queue(&self, command: &Command) -> u16 {
        let [number_and_size, ..] = command.words;
        let number = usize::try_from(number_and_size & 0xffff).unwrap_or(0);
        let mut pairs = self.pairs.borrow_mut();
        if number == 0 || number > 8 {
            return INVALID_FIELD;
        }
        if pairs.len() <= number {
            pairs.resize_with(number + 1, Pair::default);
        }
        let Some(pair) = pairs.get_mut(number) else { return INVALID_FIELD };
        let (base, size) = (command.pages[0], (number_and_size >> 16) + 1);
        if command.opcode == 0x05 {
            pair.set_completion(base, size);
        } else {
            pair.set_submission(base, size);
        }
        0
    }

    fn identify(&self, command: &Command, what: u32) -> u16 {
        let mut data = vec![0; 4096];
        match what {
            0 => {
                let blocks = self.bytes.lock().unwrap_or_else(PoisonError::into_inner).len();
                let blocks = (blocks / self.block) as u64;
                for at in [0, 8, 16] {
                    data[at..at + 8].copy_from_slice(&blocks.to_le_bytes());
                }
                // Formats 0 and 1; the second one is used unless blocks have 512 bytes.
                let shift = u8::try_from(self.block.ilog2()).unwrap_or(0);
                (data[25], data[26]) = (1, u8::from(shift != 9));
                (data[130], data[134]) = (9, shift);
            }
            1 => {
                // Transfers of at most 2^5 pages; sizes of the entries; one namespace.
                data[77] = 5;
                (data[512], data[513], data[516]) = (0x66, 0x44, 1);
            }
            2 => data[0] = 1,
            _ => return INVALID_FIELD,
        }
        self.bus.write(command.pages[0], &data);
        0
    }

    fn transfer(&self, command: &Command) -> u16 {
        let [low, high, count] = command.words;
        let first = u64::from(low) | u64::from(high) << 32;
        let Ok(first) = usize::try_from(first) else { return OUT_OF_RANGE };
        let length = (count as usize & 0xffff) + 1;
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let place = first * self.block..(first + length) * self.block;
        let Some(data) = bytes.get_mut(place) else { return OUT_OF_RANGE };
        let mut done = 0;
        for (address, bytes) in self.places(command, data.len()) {
            let part = &mut data[done..done + bytes];
            if command.opcode == 0x02 {
                self.bus.write(address, part);
            } else {
                self.bus.read(address, part);
            }
            done += bytes;
        }
        0
    }

    /// The parts of a command's buffer, page by page.
    fn places(&self, command: &Command, bytes: usize) -> Vec<(u64, usize)> {
        let [first, second] = command.pages;
        let [low, high, ..] = first.to_le_bytes();
        let room = PAGE - usize::from(u16::from_le_bytes([low, high])) % PAGE;
        let mut parts = vec![(first, room.min(bytes))];
        let mut left = bytes - room.min(bytes);
        // Two pages: the entry is the second one. More: it is a list.
        let list = left > PAGE;
        let mut entry = 0;
        while left > 0 {
            let address = if list { self.bus.number::<8>(second + 8 * entry) } else { second };
            let now = left.min(PAGE);
            parts.push((address, now));
            left -= now;
            entry += 1;
        }
        parts
    }
}
