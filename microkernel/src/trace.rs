//! The trace ring: the last watched system calls; and the counters of `SystemInfo`.
//!
//! Shape: records are numbered from 0 for ever; the ring holds the last of them. A reader
//! that comes too late gets the oldest that is left, and sees the gap in the numbers.

use crate::arena::Fixed;
use abi::{IrqCounts, TraceRecord};
use core::hash::{Hash, Hasher};

/// What is counted for `SystemInfo`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stats {
    pub(crate) syscalls: u64,
    pub(crate) timer_interrupts: u64,
    pub(crate) log_bytes: u64,
    pub(crate) exits: u64,
    pub(crate) most_turns: u64,
    pub(crate) vector_loads: u64,
    pub(crate) vector_saves: u64,
    pub(crate) vector_kept: u64,
    pub(crate) lost_messages: u64,
    pub(crate) irqs: IrqCounts,
}

/// Records that are kept on a machine of ordinary size.
pub const RECORDS: usize = 512;

/// The ring.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct Ring {
    records: Fixed<TraceRecord>,
    /// The number of the next record.
    next: u64,
}

impl Ring {
    /// Nothing was recorded; the slice is the ring's memory.
    pub fn new(records: Fixed<TraceRecord>) -> Self {
        Self { records, next: 0 }
    }

    /// Adds a record; the oldest is forgotten.
    pub fn push(&mut self, record: TraceRecord) {
        let place = self.place(self.next);
        self.records[place] = record;
        self.next += 1;
    }

    /// The number of the first record from `first` on that is still there.
    pub fn from(&self, first: u64) -> u64 {
        first.clamp(self.next.saturating_sub(self.records.len() as u64), self.next)
    }

    /// The record with this number, if it is there.
    pub fn get(&self, number: u64) -> Option<&TraceRecord> {
        (number < self.next && self.from(number) == number)
            .then(|| &self.records[self.place(number)])
    }

    fn place(&self, number: u64) -> usize {
        crate::number::size(number % self.records.len() as u64)
    }
}

/// Slots that were never used do not count.
impl Hash for Ring {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.next.hash(state);
        let used = self.next.min(self.records.len() as u64);
        self.records[..crate::number::size(used)].hash(state);
    }
}
