//! Faults of servers: recorded, then the server ends.
//!
//! **Trust.** A server with a handle to init can forge a fault message of its own. Init treats
//! it as a fault: it records the fault and ends the server.

use super::Init;
use super::child::{Child, Life};
use super::evidence;
use alloc::string::ToString;
use init_api::{FaultDetails, FaultRecord};
use init_core::FaultLog;
use service::Raw;
use sys::{FaultReply, Message, ReplyRight, Words};

impl Init {
    /// Handles a message that is no call of the System service.
    pub(super) fn on_raw(&mut self, raw: Raw) {
        let index = self.index_of_badge(raw.message.badge);
        match index.filter(|_| raw.message.label == abi::FAULT_LABEL) {
            Some(index) => self.on_fault(index, raw),
            // Dropping the reply refuses an unknown message: its sender does not wait for ever.
            None => drop(raw.message.reply),
        }
    }

    fn on_fault(&mut self, index: usize, raw: Raw) {
        let record = FaultLog::record(&raw.message.words, &raw.bytes);
        let place = (record.instruction, record.stack);
        self.record(index, record, Some(place));
        if let Some(right) = raw.message.reply {
            kill_thread(right);
        }
        let process = self.children.get(index).and_then(Child::process);
        // After a fault of the kernel it is dying already, with the status of that fault.
        if let Some(Err(error)) = process.map(|process| process.kill(abi::KILLED + 9)) {
            defmt::warn!("a server cannot be killed: {=str}", error.text());
        }
    }

    /// Records a fault, with the state of the server's threads, which this stops.
    pub(super) fn record(
        &mut self,
        index: usize,
        mut record: FaultRecord,
        faulted: Option<(u64, u64)>,
    ) {
        let Some(child) = self.children.get(index) else { return };
        let Life::Running { process, pid, since_ns, .. } = &child.life else { return };
        record.server.clone_from(&child.plan.name);
        record.pid = *pid;
        record.at_ns = sys::clock();
        record.restarts = child.supervision.restarts();
        record.uptime_ns = record.at_ns.saturating_sub(*since_ns);
        let fault = FaultDetails { record, threads: evidence::of(process, faulted) };
        defmt::error!("{=str}", fault.to_string().as_str());
        self.faults.add(fault);
    }
}

/// Answers a fault: the process ends with the fault's status.
fn kill_thread(right: ReplyRight) {
    let mut kill = Message::new(FaultReply::Kill as u32, Words::default());
    if let Err((error, _)) = right.reply(&mut kill) {
        defmt::warn!("no reply to a fault: {=str}", error.text());
    }
}
