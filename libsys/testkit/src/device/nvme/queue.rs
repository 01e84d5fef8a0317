//! The controller's side of a pair of queues.

use super::commands::Command;
use crate::device::Bus;

const COMMAND: usize = 64;
const COMPLETION: u64 = 16;

/// A submission queue and its completion queue.
#[derive(Debug, Default)]
pub(super) struct Pair {
    submission: (u64, u32),
    completion: (u64, u32),
    head: u32,
    tail: u32,
    /// The phase of the round before.
    phase: bool,
}

impl Pair {
    pub(super) fn set_submission(&mut self, base: u64, size: u32) {
        self.submission = (base, size);
    }

    pub(super) fn set_completion(&mut self, base: u64, size: u32) {
        self.completion = (base, size);
    }

    /// The next command before this tail.
    pub(super) fn next(&mut self, bus: &Bus, tail: u32) -> Option<Command> {
        let (base, size) = self.submission;
        if size == 0 || self.head == tail % size {
            return None;
        }
        let mut bytes = [0; COMMAND];
        bus.read(base + u64::from(self.head) * COMMAND as u64, &mut bytes);
        self.head = (self.head + 1) % size;
        Some(Command::read(&bytes))
    }

    pub(super) fn complete(&mut self, bus: &Bus, id: u16, status: u16, result: u32) {
        let (base, size) = self.completion;
        let place = base + u64::from(self.tail) * COMPLETION;
        bus.write(place, &result.to_le_bytes());
        bus.write(place + 8, &u16::try_from(self.head).unwrap_or(0).to_le_bytes());
        bus.write(place + 12, &id.to_le_bytes());
        let last = status << 1 | u16::from(!self.phase);
        bus.write(place + 14, &last.to_le_bytes());
        self.tail += 1;
        if self.tail == size {
            self.tail = 0;
            self.phase = !self.phase;
        }
    }
}
