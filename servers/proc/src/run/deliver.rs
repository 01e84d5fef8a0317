//! Signals and faults on their way to a program.

use super::{Held, ProcServer, Waiter, instance};
use abi::{FAULT_LABEL, FaultKind, KILLED};
use proc_api::{ExitStatus, ProcError, Signal};
use proc_core::{Action, Entry, FaultAction, signal_of};
use service::Raw;
use sys::{Error, FaultReply, Message, Words};

type Program = Entry<Held, Waiter>;

impl ProcServer {
    /// Sends a signal to a program that has not ended.
    pub(super) fn deliver(&mut self, pid: u32, signal: Signal) -> Result<(), ProcError> {
        let entry = self.programs.alive(pid).ok_or(ProcError::NoSuchProcess { pid })?;
        if let Err(error) = act(entry, signal) {
            // It is dying; its death is on its way here.
            defmt::debug!("signal {=u8} to {=u32}: {=str}", signal.number(), pid, error.text());
        }
        Ok(())
    }

    /// A message that is no call: a fault of a program.
    pub(super) fn fault(&mut self, raw: Raw) {
        let entry = self.programs.instance(instance(raw.message.badge));
        let verdict = match entry {
            Some(entry) if raw.message.label == FAULT_LABEL => decide(entry, &raw),
            // Left over from a program of an earlier life of this server.
            _ => FaultReply::Kill,
        };
        if let Some(right) = raw.message.reply {
            // Whoever faulted may have been killed meanwhile.
            let _ = right.reply(&mut Message::new(verdict as u32, Words::default()));
        }
    }
}

/// Does what the program's disposition says.
fn act(entry: &mut Program, signal: Signal) -> Result<(), Error> {
    let action = entry.dispositions.action(signal);
    let Some(held) = &entry.process else { return Ok(()) };
    match action {
        Action::Ignore => Ok(()),
        Action::Notify => held.signals.signal(signal.bit()),
        Action::Stop => {
            entry.stopped = true;
            held.process.suspend()
        }
        Action::Continue => {
            entry.stopped = false;
            held.process.resume()
        }
        Action::ContinueAndNotify => {
            entry.stopped = false;
            held.signals.signal(signal.bit())?;
            held.process.resume()
        }
        Action::Terminate => {
            entry.cause.get_or_insert(ExitStatus::Killed(signal.number()));
            held.process.kill(KILLED + u64::from(signal.number()))
        }
    }
}

/// What a fault comes to; a signal for its handler is set before the program goes on.
fn decide(entry: &mut Program, raw: &Raw) -> FaultReply {
    let [kind, _code, address, instruction, ..] = raw.message.words;
    let kind = FaultKind::from_number(kind);
    let text = kind.map_or("unknown fault", FaultKind::text);
    defmt::info!("{=str}: {=str} at {=u64:x}", entry.name.as_str(), text, instruction);
    if kind == Some(FaultKind::Panic) {
        entry.cause = Some(ExitStatus::Panicked);
        return FaultReply::Kill;
    }
    let signal = kind.map_or(Signal::System, signal_of);
    let disposition = entry.dispositions.get(signal);
    if entry.faults.decide(disposition, instruction, address) == FaultAction::Handle
        && let Some(held) = &entry.process
        && held.signals.signal(signal.bit()).is_ok()
    {
        return FaultReply::Resume;
    }
    entry.cause = Some(ExitStatus::Faulted { signal: signal.number(), address, instruction });
    FaultReply::Kill
}
