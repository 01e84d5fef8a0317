//! Pipes to and from programs that this one has started.

use super::answer::Result;
use alloc::vec::Vec;
use console_api::stdio::Chunk;
use moto_rt::Error;
use queue::{QueueError, RecordConsumer, RecordProducer};
use sys::FOREVER;

/// The end that is read.
pub(super) struct Source {
    ring: RecordConsumer<Chunk>,
    read: Vec<u8>,
    used: usize,
}

impl Source {
    pub(super) fn new(ring: RecordConsumer<Chunk>) -> Self {
        Self { ring, read: Vec::new(), used: 0 }
    }

    /// Reads some bytes; 0 when the other end is closed.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        while self.used == self.read.len() {
            let mut chunks = [Chunk::EMPTY; 8];
            let count = match self.ring.pop(&mut chunks, FOREVER) {
                Ok(count) => count,
                Err(QueueError::Closed | QueueError::PeerDied) => return Ok(0),
                Err(_) => return Err(Error::InternalError),
            };
            self.read.clear();
            self.used = 0;
            let came = chunks.iter().take(count);
            came.for_each(|chunk| self.read.extend_from_slice(chunk.bytes()));
        }
        let rest = self.read.get(self.used..).unwrap_or(&[]);
        let count = rest.len().min(into.len());
        into.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.used += count;
        Ok(count)
    }
}

/// The end that is written.
pub(super) struct Sink(pub(super) RecordProducer<Chunk>);

impl Sink {
    /// Writes all bytes.
    pub(super) fn write(&mut self, from: &[u8]) -> Result<usize> {
        let chunks: Vec<Chunk> = Chunk::of(from).collect();
        match self.0.push(&chunks, FOREVER) {
            Ok(()) => Ok(from.len()),
            Err(QueueError::Closed | QueueError::PeerDied) => Err(Error::NotConnected),
            Err(_) => Err(Error::InternalError),
        }
    }
}
