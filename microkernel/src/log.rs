//! Rate limit of the system log.
//!
//! **Shape.** A token bucket of bytes. init's children and theirs (servers, and the programs
//! that a server starts) have one each; deeper descendants share their ancestor's, so that a
//! program cannot write more by making children. init and the kernel are not limited: they
//! write the evidence.
//!
//! **Order.** What is dropped is dropped in whole frames of the defmt stream, and counted; the
//! count stands in one record before the next one that is written, or at the process's death.

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::object::{FIRST_PID, Process, ProcessId};
use abi::{Error, LOG_BURST, LOG_RATE, LogHeader, LogKind};

/// Ancestors from init on that have a bucket of their own.
const OWN_BUCKETS: u8 = 2;
const NS_PER_SECOND: u64 = 1_000_000_000;
/// How long an empty bucket takes to be full.
const FULL_NS: u64 = LOG_BURST * NS_PER_SECOND / LOG_RATE;
/// What ends a frame of the stream.
const FRAME_END: u8 = 0;

/// Bytes that may be written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    bytes: u64,
    filled_ns: u64,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { bytes: LOG_BURST, filled_ns: 0 }
    }
}

impl Bucket {
    /// Takes bytes out, if there are enough.
    fn take(&mut self, bytes: u64, now_ns: u64) -> bool {
        let passed = now_ns.saturating_sub(self.filled_ns);
        if passed >= FULL_NS {
            *self = Self { bytes: LOG_BURST, filled_ns: now_ns };
        } else {
            // Below `FULL_NS` the product fits. What was too little for a byte counts next time.
            let more = passed * LOG_RATE / NS_PER_SECOND;
            self.bytes = self.bytes.saturating_add(more).min(LOG_BURST);
            self.filled_ns += more * NS_PER_SECOND / LOG_RATE;
        }
        let enough = self.bytes >= bytes;
        if enough {
            self.bytes -= bytes;
        }
        enough
    }
}

/// One process's stream of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stream {
    /// Records that were dropped and not reported yet.
    dropped: u64,
    /// The frame that is being written was dropped, in part or as a whole.
    is_cut: bool,
    /// A frame was begun in the log and has no end there.
    is_open: bool,
}

/// What a process needs for its log: its own bucket, or an ancestor's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProcessLog {
    /// Generations between the first program and this one.
    depth: u8,
    ancestor: Option<ProcessId>,
    bucket: Bucket,
    stream: Stream,
}

impl ProcessLog {
    /// That of a child.
    pub fn of_child<T>(creator: ProcessId, process: &Process<T>) -> Self {
        let depth = process.log.depth.saturating_add(1);
        let shared = depth > OWN_BUCKETS;
        let ancestor = shared.then(|| process.log.ancestor.unwrap_or(creator));
        Self { depth, ancestor, ..Self::default() }
    }
}

impl<M: Machine> Kernel<M> {
    /// Writes a record of a process, if its bucket has the bytes.
    ///
    /// # Errors
    /// `QuotaExceeded`, and the record is counted as dropped.
    pub(crate) fn log_of_process(
        &mut self,
        id: ProcessId,
        kind: LogKind,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let pid = self.objects.processes[id].pid;
        let is_frame = kind == LogKind::Defmt;
        let goes_on = is_frame && bytes.last() != Some(&FRAME_END);
        let cut = is_frame && self.objects.processes[id].log.stream.is_cut;
        if pid != FIRST_PID && (cut || !self.may_log(id, bytes.len())) {
            let stream = &mut self.objects.processes[id].log.stream;
            stream.dropped = stream.dropped.saturating_add(u64::from(!cut));
            if is_frame {
                stream.is_cut = goes_on;
            }
            return Err(Error::QuotaExceeded);
        }
        self.report_dropped(id);
        self.log_record(kind, pid, bytes);
        if is_frame {
            self.objects.processes[id].log.stream.is_open = goes_on;
        }
        Ok(())
    }

    fn may_log(&mut self, id: ProcessId, len: usize) -> bool {
        let now = self.machine.now_ns();
        // An ancestor that is gone is not needed: its descendants go with it.
        let ancestor = self.objects.processes[id]
            .log
            .ancestor
            .filter(|it| self.objects.processes.get(*it).is_some());
        let bucket = &mut self.objects.processes[ancestor.unwrap_or(id)].log.bucket;
        bucket.take((LogHeader::SIZE as u64).saturating_add(len as u64), now)
    }

    /// Writes the number of a process's dropped records, if there are any.
    pub(crate) fn report_dropped(&mut self, id: ProcessId) {
        let process = &mut self.objects.processes[id];
        let (pid, stream) = (process.pid, process.log.stream);
        if stream.dropped == 0 {
            return;
        }
        process.log.stream = Stream { dropped: 0, is_open: false, ..stream };
        if stream.is_open {
            // So that the decoder finds the next frame.
            self.log_record(LogKind::Defmt, pid, &[FRAME_END]);
        }
        self.log_record(LogKind::Dropped, pid, &stream.dropped.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, NS_PER_SECOND};
    use abi::{LOG_BURST, LOG_RATE};

    #[test]
    fn a_bucket_fills_with_time_up_to_its_size() {
        let mut bucket = Bucket::default();
        assert!(!bucket.take(LOG_BURST + 1, 0));
        assert!(bucket.take(LOG_BURST, 0) && !bucket.take(1, 0));
        assert!(!bucket.take(LOG_RATE + 1, NS_PER_SECOND) && bucket.take(LOG_RATE, NS_PER_SECOND));
        assert!(bucket.take(LOG_BURST, u64::MAX) && !bucket.take(1, u64::MAX));
    }

    #[test]
    fn small_steps_of_time_add_up() {
        let mut bucket = Bucket::default();
        assert!(bucket.take(LOG_BURST, 0));
        let step = NS_PER_SECOND / LOG_RATE / 3;
        let taken = (1..=3 * LOG_RATE).filter(|count| bucket.take(1, count * step)).count() as u64;
        assert!((LOG_RATE * 99 / 100..=LOG_RATE).contains(&taken), "{taken}");
    }
}
