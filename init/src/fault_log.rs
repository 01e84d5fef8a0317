//! The last faults of servers: the evidence that a restart would destroy.

use abi::FaultKind;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::{FaultDetails, FaultRecord};

/// The number of records that are kept.
pub const KEPT: usize = 32;

/// The last faults, oldest first, and all about the last one of each server.
#[derive(Clone, Debug, Default)]
pub struct FaultLog {
    records: VecDeque<FaultRecord>,
    details: Vec<FaultDetails>,
}

impl FaultLog {
    /// Adds a record. Drops the oldest beyond [`KEPT`].
    pub fn add(&mut self, fault: FaultDetails) {
        if self.records.len() >= KEPT {
            self.records.pop_front();
        }
        self.records.push_back(fault.record.clone());
        self.details.retain(|older| older.record.server != fault.record.server);
        self.details.push(fault);
    }

    /// The last fault of this server.
    pub fn last_of(&self, server: &str) -> Option<&FaultDetails> {
        self.details.iter().find(|fault| fault.record.server == server)
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
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use init_api::{FaultDetails, ThreadRecord};

    fn fault(server: &str, code: u64) -> FaultDetails {
        let mut record = FaultLog::record(&[1, code, 0, 0, 0, 0, 0], b"");
        record.server = server.into();
        FaultDetails { record, threads: Vec::new() }
    }

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
            log.add(fault("a", number));
        }
        let all = log.all();
        assert_eq!(all.len(), KEPT);
        assert_eq!((all[0].code, all[KEPT - 1].code), (5, KEPT as u64 + 4));
    }

    #[test]
    fn all_is_known_of_the_last_fault_of_each_server() {
        let mut log = FaultLog::default();
        for (server, code) in [("a", 1), ("b", 2), ("a", 3)] {
            log.add(fault(server, code));
        }
        assert_eq!(log.last_of("a").unwrap().record.code, 3);
        assert_eq!(log.last_of("b").unwrap().record.code, 2);
        assert_eq!(log.last_of("c"), None);
    }

    #[test]
    fn a_fault_is_told_in_full() {
        let mut record = FaultLog::record(&[1, 2, 0xdead, 0x40_0000, 0x7000, 9, 3], b"");
        (record.server, record.uptime_ns, record.restarts) = ("disk".into(), 5_000_000, 2);
        let threads = Vec::from([ThreadRecord {
            faulted: true,
            registers: (0..18).collect(),
            stack: Vec::from([1, 2, 3, 4]),
            backtrace: Vec::from([0x40_0000, 0x40_1000]),
        }]);
        let text = FaultDetails { record, threads }.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "fault of disk: page fault");
        assert_eq!(
            lines[1],
            "  process 9, up 5 ms, restarts 2, instruction 0x400000, address 0xdead, code 2"
        );
        assert_eq!(lines[2], "the faulting thread:");
        assert!(lines[3].starts_with("  rax    0x0000000000000000  rbx "), "{}", lines[3]);
        assert!(lines[8].ends_with("rflags 0x0000000000000011"), "{}", lines[8]);
        assert_eq!(lines[9], "stack:");
        assert_eq!(lines[11], "  0x0000000000000004");
        let backtrace = ["backtrace of disk:", "  0x0000000000400000", "  0x0000000000401000"];
        assert_eq!(lines[12..], backtrace);
    }
}
