//! Heartbeats: finds servers that hang. Init calls no server: one that hangs would not answer,
//! and init must not wait.

use super::Init;
use super::child::{Child, Life};
use alloc::format;
use init_core::Signs;
use sys::{Message, ProcessState, Words};

/// The status of a server that was killed for a hang: as for an abort (6).
const HUNG: u64 = abi::KILLED + 6;

impl Init {
    /// Returns the time of the next check.
    pub(super) fn next_check(&self) -> Option<u64> {
        self.children.iter().filter_map(Child::next_check).min()
    }

    /// Checks the servers that are due, and kills those that hang.
    pub(super) fn kill_hung(&mut self) {
        let now = sys::clock();
        for index in 0..self.children.len() {
            if self.children.get_mut(index).is_some_and(|child| child.hangs(now)) {
                self.on_hang(index);
            }
        }
    }

    fn on_hang(&mut self, index: usize) {
        let Some(child) = self.children.get(index) else { return };
        let text = format!("received nothing for {} ms", child.plan.heartbeat_ms);
        let mut record = init_core::FaultLog::record(&[0; abi::WORDS], text.as_bytes());
        record.kind = "hang".into();
        self.record(index, record, None);
        let process = self.children.get(index).and_then(Child::process);
        if let Some(Err(error)) = process.map(|process| process.kill(HUNG)) {
            defmt::warn!("a hung server cannot be killed: {=str}", error.text());
        }
    }
}

impl Child {
    fn next_check(&self) -> Option<u64> {
        match &self.life {
            Life::Running { heartbeat, .. } => Some(heartbeat.as_ref()?.next_ns()),
            _ => None,
        }
    }

    /// Checks a server that is due. Returns whether it hangs.
    fn hangs(&mut self, now_ns: u64) -> bool {
        if self.next_check().is_none_or(|at_ns| at_ns > now_ns) {
            return false;
        }
        let Some(info) = self.info() else { return false };
        let listens = info.receiving > 0 && (info.used.threads == 1 || self.takes_a_message());
        let Life::Running { heartbeat: Some(heart), .. } = &mut self.life else { return false };
        if info.state != ProcessState::Running as u32 {
            heart.excuse(now_ns);
            return false;
        }
        heart.look(now_ns, Signs { receives: info.receives, listens })
    }

    /// Returns whether a thread receives at its endpoint, by sending an empty message without
    /// waiting. A thread that waits at another endpoint is no sign of life.
    pub(super) fn takes_a_message(&self) -> bool {
        let mut nothing = Message::new(0, Words::default());
        self.endpoint.as_ref().is_some_and(|it| it.send_with(&mut nothing, 0).is_ok())
    }
}
