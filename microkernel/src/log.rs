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
use crate::number;
use crate::object::{FIRST_PID, ProcessId, Stream};
use abi::{Error, LogHeader, LogKind};

/// The last bytes of the log, for readers on the machine. Bytes are numbered from the boot on.
#[derive(Debug)]
pub struct Backlog<const LEN: usize> {
    bytes: [u8; LEN],
    end: u64,
}

impl<const LEN: usize> Backlog<LEN> {
    /// Nothing was logged.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; LEN], end: 0 }
    }

    /// Appends; the oldest bytes are forgotten.
    pub fn push(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(LEN)..];
        self.end += (bytes.len() - kept.len()) as u64;
        let (behind, before) = kept.split_at(kept.len().min(LEN - self.place(self.end)));
        let place = self.place(self.end);
        self.bytes[place..place + behind.len()].copy_from_slice(behind);
        self.bytes[..before.len()].copy_from_slice(before);
        self.end += kept.len() as u64;
    }

    /// Copies from this byte on, or from the oldest that is left: the number of bytes, and the
    /// number behind the last.
    pub fn read(&self, first: u64, into: &mut [u8]) -> (usize, u64) {
        let first = first.clamp(self.end.saturating_sub(LEN as u64), self.end);
        let len = number::size(self.end - first).min(into.len());
        let place = self.place(first);
        let (behind, before) = into[..len].split_at_mut(len.min(LEN - place));
        behind.copy_from_slice(&self.bytes[place..place + behind.len()]);
        before.copy_from_slice(&self.bytes[..before.len()]);
        (len, first + len as u64)
    }

    fn place(&self, number: u64) -> usize {
        number::size(number % LEN as u64)
    }
}

impl<const LEN: usize> Default for Backlog<LEN> {
    fn default() -> Self {
        Self::new()
    }
}

/// What ends a frame of the stream.
const FRAME_END: u8 = 0;

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

    /// Writes a record to the system log.
    pub(crate) fn log_record(&mut self, kind: LogKind, source: u32, bytes: &[u8]) {
        let len = u16::try_from(bytes.len()).unwrap_or(0);
        let header = LogHeader { kind, source, time_ns: self.machine.now_ns(), len };
        self.machine.log(&header.encode());
        self.machine.log(&bytes[..usize::from(len)]);
        self.stats.log_bytes += (LogHeader::SIZE + usize::from(len)) as u64;
    }
}
