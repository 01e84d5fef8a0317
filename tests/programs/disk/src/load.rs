//! The workload: passes over a part of a disk, with many requests in flight.

use crate::sector::{self, BYTES};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use block::{BlockClient, BlockError, Operation, PoolPart, Ticket};

/// Sectors of a request.
const CHUNK: u32 = 16;
/// Chunks between two flushes.
const FLUSH: u64 = 256;

/// What the run came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Requests that ended well.
    pub requests: u64,
    /// Bytes that were checked.
    pub checked: u64,
    /// Sectors that held something else.
    pub wrong: u64,
    /// Requests that ended with an error.
    pub errors: u64,
    /// Times of recoveries in nanoseconds.
    pub recoveries: Vec<u64>,
    /// What was wrong first, as text.
    pub first: Option<String>,
}

impl Outcome {
    fn note(&mut self, text: String) {
        self.first.get_or_insert(text);
    }
}

/// One request in flight.
struct Flight {
    ticket: Ticket,
    operation: Operation,
    chunk: u64,
    part: PoolPart,
}

/// The run: chunks of a part of the disk, each with the version that it holds.
pub struct Load<'a> {
    disk: &'a mut BlockClient,
    versions: Vec<u32>,
    flights: Vec<Flight>,
    outcome: Outcome,
    buffer: Vec<u8>,
}

impl<'a> Load<'a> {
    /// Over the first chunks of a disk.
    pub fn new(disk: &'a mut BlockClient, chunks: u64) -> Self {
        let fits = disk.identity().sectors / u64::from(CHUNK);
        let chunks = usize::try_from(chunks.min(fits)).unwrap_or(0);
        let buffer = alloc::vec![0; CHUNK as usize * BYTES];
        let versions = alloc::vec![0; chunks];
        Self { disk, versions, flights: Vec::new(), outcome: Outcome::default(), buffer }
    }

    /// Chunks of this many bytes.
    #[must_use]
    pub fn chunks_of(bytes: u64) -> u64 {
        bytes / (u64::from(CHUNK) * BYTES as u64)
    }

    /// Writes all chunks with their next version, then reads all, in passes until `done`.
    pub fn run(mut self, mut done: impl FnMut() -> bool) -> Outcome {
        loop {
            for operation in [Operation::Write, Operation::Read] {
                for chunk in 0..self.versions.len() as u64 {
                    self.begin(operation, chunk);
                    if operation == Operation::Write && chunk % FLUSH == FLUSH - 1 {
                        self.flush();
                    }
                }
                self.flush();
            }
            if done() {
                self.outcome.recoveries = self.disk.take_recoveries();
                return self.outcome;
            }
        }
    }

    fn begin(&mut self, operation: Operation, chunk: u64) {
        let part = loop {
            match self.disk.pool().take(CHUNK) {
                Ok(part) if self.flights.len() < self.disk.units() => break part,
                Ok(part) => self.disk.pool().give_back(part),
                Err(_) => {}
            }
            self.end_one();
        };
        if operation == Operation::Write {
            let version = self.version(chunk) + 1;
            self.set_version(chunk, version);
            for (place, sector) in (0..).zip(self.buffer.chunks_exact_mut(BYTES)) {
                sector::write(sector, chunk * u64::from(CHUNK) + place, version);
            }
        } else {
            self.buffer.fill(0xee);
        }
        let filled = self.disk.pool().write(&part, &self.buffer);
        let lba = chunk * u64::from(CHUNK);
        match filled.and_then(|()| self.disk.start(operation, lba, &part)) {
            Ok(ticket) => self.flights.push(Flight { ticket, operation, chunk, part }),
            Err(error) => {
                self.disk.pool().give_back(part);
                self.fail(operation, chunk, error);
            }
        }
    }

    /// Waits for the end of one request, and checks what it read.
    fn end_one(&mut self) {
        let Some((ticket, result)) = self.disk.finish() else { return };
        let place = self.flights.iter().position(|flight| flight.ticket == ticket);
        let Some(place) = place else { return };
        let flight = self.flights.swap_remove(place);
        match result {
            Ok(()) => self.outcome.requests += 1,
            Err(error) => self.fail(flight.operation, flight.chunk, error),
        }
        if flight.operation == Operation::Read && result.is_ok() {
            self.check(&flight);
        }
        self.disk.pool().give_back(flight.part);
    }

    fn check(&mut self, flight: &Flight) {
        if self.disk.pool().read(&flight.part, &mut self.buffer).is_err() {
            return;
        }
        let version = self.version(flight.chunk);
        for (place, sector) in (0..).zip(self.buffer.chunks_exact(BYTES)) {
            let number = flight.chunk * u64::from(CHUNK) + place;
            self.outcome.checked += BYTES as u64;
            if let Err(wrong) = sector::check(sector, number, version) {
                self.outcome.wrong += 1;
                let text = format!("sector {number}, version {version}: {wrong:?}");
                self.outcome.note(text);
            }
        }
    }

    /// A flush of all that was written before.
    fn flush(&mut self) {
        while !self.flights.is_empty() {
            self.end_one();
        }
        match self.disk.flush() {
            Ok(()) => self.outcome.requests += 1,
            Err(error) => self.fail(Operation::Flush, 0, error),
        }
    }

    fn fail(&mut self, operation: Operation, chunk: u64, error: BlockError) {
        self.outcome.errors += 1;
        self.outcome.note(format!("{operation:?} of chunk {chunk}: {error}"));
        // What a write that failed has left is not known.
        if operation == Operation::Write {
            self.set_version(chunk, 0);
        }
    }

    fn version(&self, chunk: u64) -> u32 {
        let place = usize::try_from(chunk).unwrap_or(usize::MAX);
        self.versions.get(place).copied().unwrap_or(0)
    }

    fn set_version(&mut self, chunk: u64, version: u32) {
        let place = usize::try_from(chunk).unwrap_or(usize::MAX);
        if let Some(place) = self.versions.get_mut(place) {
            *place = version;
        }
    }
}
