//! The last faults of servers: the evidence that a restart would destroy.

use abi::FaultKind;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::FaultRecord;

/// So many are kept.
pub const KEPT: usize = 32;

/// The last faults, oldest first.
#[derive(Clone, Debug, Default)]
pub struct FaultLog {
    records: VecDeque<FaultRecord>,
}

impl FaultLog {
    /// Adds one; the oldest goes when there are too many.
    pub fn add(&mut self, record: FaultRecord) {
        if self.records.len() >= KEPT {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    /// All of them.
    pub fn all(&self) -> Vec<FaultRecord> {
        self.records.iter().cloned().collect()
    }

    /// A record out of a fault message (see `abi::FAULT_LABEL`). What only the supervisor
    /// knows is left at zero.
    pub fn record(words: &[u64; abi::WORDS], text: &[u8]) -> FaultRecord {
        let [kind, code, address, instruction, stack, pid, _thread] = *words;
        let kind = FaultKind::from_number(kind).map_or("unknown fault", FaultKind::text);
        FaultRecord {
            server: String::new(),
            pid: u32::try_from(pid).unwrap_or(0),
            at_ns: 0,
            uptime_ns: 0,
            restarts: 0,
            kind: kind.to_string(),
            code,
            address,
            instruction,
            stack,
            text: String::from_utf8_lossy(text).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FaultLog, KEPT};

    #[test]
    fn a_message_becomes_a_record() {
        let record = FaultLog::record(&[1, 2, 0xdead, 0x40_0000, 0x7000, 9, 3], b"");
        assert_eq!((record.kind.as_str(), record.code), ("page fault", 2));
        assert_eq!((record.address, record.instruction, record.stack), (0xdead, 0x40_0000, 0x7000));
        assert_eq!(record.pid, 9);
        let panic = FaultLog::record(&[7, 0, 0, 0, 0, 0, 0], b"it is \xff broken");
        assert_eq!((panic.kind.as_str(), panic.text.as_str()), ("panic", "it is \u{fffd} broken"));
        assert_eq!(FaultLog::record(&[99, 0, 0, 0, 0, 0, 0], b"").kind, "unknown fault");
    }

    #[test]
    fn only_the_last_are_kept() {
        let mut log = FaultLog::default();
        for number in 0..KEPT as u64 + 5 {
            log.add(FaultLog::record(&[1, number, 0, 0, 0, 0, 0], b""));
        }
        let all = log.all();
        assert_eq!(all.len(), KEPT);
        assert_eq!((all[0].code, all[KEPT - 1].code), (5, KEPT as u64 + 4));
    }
}
