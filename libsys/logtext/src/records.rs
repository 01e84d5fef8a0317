//! Cuts the byte stream of the log into records.

use abi::{LOG_MAGIC, LogHeader};
use alloc::vec::Vec;

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its source, time and kind.
    pub header: LogHeader,
    /// Its content.
    pub payload: Vec<u8>,
}

/// Cuts a stream of bytes into whole records.
///
/// Bytes that are no record (a damaged file, firmware that talks on the debug
/// console) are skipped and counted.
#[derive(Debug, Default)]
pub struct Records {
    pending: Vec<u8>,
    skipped: usize,
}

impl Records {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// More bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The number of bytes outside of records since the last call.
    pub fn take_skipped(&mut self) -> usize {
        core::mem::take(&mut self.skipped)
    }

    /// The bytes of an incomplete record.
    pub fn unfinished(&self) -> usize {
        self.pending.len()
    }

    /// The next whole record, if there is one.
    pub fn next_record(&mut self) -> Option<Record> {
        loop {
            let start = find_magic(&self.pending);
            self.pending.drain(..start);
            self.skipped += start;
            let header: &[u8; LogHeader::SIZE] = self.pending.first_chunk()?;
            let Some(header) = LogHeader::decode(header) else {
                self.pending.drain(..1);
                self.skipped += 1;
                continue;
            };
            let end = LogHeader::SIZE + usize::from(header.len);
            if self.pending.len() < end {
                return None;
            }
            let payload = self.pending[LogHeader::SIZE..end].to_vec();
            self.pending.drain(..end);
            return Some(Record { header, payload });
        }
    }
}

/// The place of a magic, or of its first byte at the very end.
fn find_magic(bytes: &[u8]) -> usize {
    let magic = LOG_MAGIC.to_le_bytes();
    (0..bytes.len())
        .find(|start| magic.starts_with(&bytes[*start..bytes.len().min(start + 2)]))
        .unwrap_or(bytes.len())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Records;
    use abi::{LogHeader, LogKind};

    /// The bytes of a record.
    pub(crate) fn record(kind: LogKind, source: u32, time_ns: u64, payload: &[u8]) -> Vec<u8> {
        let len = u16::try_from(payload.len()).unwrap();
        let mut bytes = LogHeader { kind, source, time_ns, len }.encode().to_vec();
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn records_come_out_whole_however_they_are_cut() {
        let stream =
            [record(LogKind::Source, 3, 10, b"console"), record(LogKind::Text, 3, 20, b"hello")]
                .concat();
        for cut in 0..stream.len() {
            let mut records = Records::new();
            let mut found = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                records.push(part);
                found.extend(std::iter::from_fn(|| records.next_record()));
            }
            assert_eq!(found.len(), 2, "cut at {cut}");
            assert_eq!(found[1].payload, b"hello");
            assert_eq!(found[1].header.time_ns, 20);
            assert_eq!(records.take_skipped(), 0);
        }
    }

    #[test]
    fn noise_between_records_is_skipped_and_counted() {
        let mut records = Records::new();
        records.push(b"SeaBIOS\x50");
        assert!(records.next_record().is_none());
        records.push(&record(LogKind::Text, 0, 1, b"x"));
        assert_eq!(records.next_record().unwrap().payload, b"x");
        assert_eq!(records.take_skipped(), 8);
    }

    #[test]
    fn a_record_that_was_cut_off_is_unfinished() {
        let mut records = Records::new();
        let bytes = record(LogKind::Text, 0, 1, b"half");
        records.push(&bytes[..bytes.len() - 1]);
        assert!(records.next_record().is_none());
        assert_eq!(records.unfinished(), bytes.len() - 1);
    }
}
