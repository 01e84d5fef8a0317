//! Faults of programs: a signal for a handler, or the end.

use super::{ProcServer, instance};
use abi::{FAULT_LABEL, FaultKind};
use proc_api::{Cause, ExitStatus, Fault, Info, Signal};
use proc_core::{FaultAction, signal_of};
use service::Raw;
use sys::{FaultReply, Message, Words};

impl ProcServer {
    /// Handles a message that is no call: a fault of a program.
    pub(super) fn fault(&mut self, raw: Raw) {
        let known = self.programs.instance(instance(raw.message.badge)).is_some();
        let verdict = if known && raw.message.label == FAULT_LABEL {
            self.decide(&raw)
        } else {
            // Left over from a program of an earlier life of this server.
            FaultReply::Kill
        };
        if let Some(right) = raw.message.reply {
            // The thread that faulted may have been killed meanwhile.
            let _ = right.reply(&mut Message::new(verdict as u32, Words::default()));
        }
    }

    /// Decides what follows a fault. Rings the bell of its handler before the program resumes.
    fn decide(&mut self, raw: &Raw) -> FaultReply {
        let entry = self.programs.instance(instance(raw.message.badge));
        let Some(entry) = entry else { return FaultReply::Kill };
        let [number, code, address, instruction, ..] = raw.message.words;
        let kind = FaultKind::from_number(number);
        let text = kind.map_or("unknown fault", FaultKind::text);
        defmt::info!("{=str}: {=str} at {=u64:x}", entry.name.as_str(), text, instruction);
        if kind == Some(FaultKind::Panic) {
            entry.cause = Some(ExitStatus::Panicked);
            return FaultReply::Kill;
        }
        let signal = kind.map_or(Signal::SYS, signal_of);
        let handled = entry.signals.handles_now(signal);
        let fault = Fault { kind: number, code, address, instruction };
        let info = Info { signal, cause: Cause::Fault(fault) };
        if entry.faults.decide(kind, handled, instruction, address) == FaultAction::Handle
            && entry.signals.pend_fault(info)
        {
            let pid = entry.ids.pid;
            self.settle(pid, false);
            return FaultReply::Resume;
        }
        entry.cause = Some(ExitStatus::Faulted { signal: signal.number(), address, instruction });
        FaultReply::Kill
    }
}
