//! Faults of servers: written down, then the server ends.

use super::Init;
use super::child::Life;
use init_core::FaultLog;
use service::Raw;
use sys::{FaultReply, Message, Words};

impl Init {
    /// A message that is no call of the System service.
    pub(super) fn raw(&mut self, raw: Raw) {
        if raw.message.label == abi::FAULT_LABEL
            && let Some(index) = self.index_of_badge(raw.message.badge)
        {
            self.record(index, &raw);
        }
        if let Some(right) = raw.message.reply {
            let mut kill = Message::new(FaultReply::Kill as u32, Words::default());
            if let Err((error, _)) = right.reply(&mut kill) {
                defmt::warn!("answering a fault: {=str}", error.text());
            }
        }
    }

    fn record(&mut self, index: usize, raw: &Raw) {
        let Some(child) = self.children.get(index) else { return };
        let mut record = FaultLog::record(&raw.message.words, &raw.bytes);
        record.server.clone_from(&child.plan.name);
        record.at_ns = sys::clock();
        record.restarts = child.supervision.restarts();
        if let Life::Running { since_ns, .. } = child.life {
            record.uptime_ns = record.at_ns.saturating_sub(since_ns);
        }
        defmt::error!(
            "{=str}: {=str} at {=u64:x}, address {=u64:x} {=str}",
            record.server.as_str(),
            record.kind.as_str(),
            record.instruction,
            record.address,
            record.text.as_str()
        );
        self.faults.add(record);
    }
}
