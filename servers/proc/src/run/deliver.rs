//! Signals on their way to a program.

use super::{ProcServer, Program};
use abi::KILLED;
use alloc::vec::Vec;
use proc_api::{Cause, ChildStatus, ExitStatus, Flags, Ids, Info, ProcError, Signal, SignalSet};
use proc_core::{Effect, QUEUE_MAX, QueueFull};

/// The stop signals that an orphan does not follow.
const TERMINAL_STOPS: SignalSet =
    SignalSet::EMPTY.with(Signal::TSTP).with(Signal::TTIN).with(Signal::TTOU);

impl ProcServer {
    /// Sends a signal to a program that has not ended, for a program or a server (0).
    pub(super) fn send_from(&mut self, by: u32, pid: u32, signal: Signal) -> Result<(), ProcError> {
        self.may_signal(by, pid)?;
        self.send(pid, Info { signal, cause: Cause::Sent { by } })
    }

    /// Refuses a signal to a program of another job.
    pub(super) fn may_signal(&mut self, by: u32, pid: u32) -> Result<(), ProcError> {
        self.programs.alive(pid).ok_or(ProcError::NoSuchProcess { pid })?;
        self.programs.may_signal(by, pid).then_some(()).ok_or(ProcError::OtherJob { pid })
    }

    /// Sends a signal to a program that has not ended.
    pub(super) fn send(&mut self, pid: u32, info: Info) -> Result<(), ProcError> {
        let entry = self.programs.alive(pid).ok_or(ProcError::NoSuchProcess { pid })?;
        let go_on = entry.signals.undo(info.signal);
        let pended = if offer(entry, info) { Ok(()) } else { entry.signals.pend(info) };
        self.settle(pid, go_on);
        let limit = u32::try_from(QUEUE_MAX).unwrap_or(u32::MAX);
        pended.map_err(|QueueFull| ProcError::QueueFull { limit })
    }

    /// Sends a signal to all of a group. Returns whether the group has members.
    pub(super) fn send_group(
        &mut self,
        by: u32,
        group: u32,
        signal: Signal,
    ) -> Result<bool, ProcError> {
        let members: Vec<u32> = self.programs.members(group).map(|entry| entry.ids.pid).collect();
        let mut result = Ok(false);
        for pid in members {
            let sent = self.send_from(by, pid, signal).map(|()| true);
            // As in POSIX, one signal that was sent is enough.
            result = if result == Ok(true) { result } else { sent };
        }
        result
    }

    /// Does what follows from a change of a program's signals.
    pub(super) fn settle(&mut self, pid: u32, go_on: bool) {
        let Some(entry) = self.programs.alive(pid) else { return };
        let (group, pending) = (entry.ids.group, entry.signals.pending());
        let orphaned =
            !pending.common(TERMINAL_STOPS).is_empty() && self.programs.is_orphaned(group);
        let Some(entry) = self.programs.alive(pid) else { return };
        let effect = Effect { go_on, ..entry.signals.settle(orphaned) };
        let ids = entry.ids;
        if let Err(error) = apply(entry, effect) {
            // It is dying; its death is on its way here.
            defmt::debug!("a signal did not reach {=u32}: {=str}", pid, error.text());
        }
        if effect.go_on {
            self.changed(ids, ChildStatus::Continued);
        }
        if let Some(signal) = effect.stop {
            self.changed(ids, ChildStatus::Stopped(signal.number()));
        }
    }

    /// A program was stopped, or goes on.
    fn changed(&mut self, ids: Ids, status: ChildStatus) {
        if let Some(entry) = self.programs.alive(ids.pid) {
            entry.news = Some(status);
        }
        self.tell_waiters();
        self.tell_parent(ids, status);
    }

    /// SIGCHLD, if the parent wants it.
    pub(super) fn tell_parent(&mut self, ids: Ids, status: ChildStatus) {
        let Some(parent) = self.programs.alive(ids.parent) else { return };
        let flags = parent.signals.action(Signal::CHLD).flags;
        if flags.contains(Flags::NOCLDSTOP) && !matches!(status, ChildStatus::Ended(_)) {
            return;
        }
        let cause = Cause::Child { pid: ids.pid, status };
        // The parent lives, and a standard signal always finds its place.
        let _ = self.send(ids.parent, Info { signal: Signal::CHLD, cause });
    }
}

/// Gives a signal to a thread that waits for it; false when there is none.
fn offer(entry: &mut Program, info: Info) -> bool {
    let waits =
        |entry: &Program| entry.waiting.iter().position(|waiter| waiter.set.contains(info.signal));
    while let Some(place) = waits(entry) {
        // A waiter whose wait was cut short is gone: the next one.
        if entry.waiting.remove(place).reply.deliver(&Ok(info)).is_ok() {
            return true;
        }
    }
    false
}

fn apply(entry: &mut Program, effect: Effect) -> Result<(), sys::Error> {
    let Some(held) = &mut entry.process else { return Ok(()) };
    if let Some(signal) = effect.end {
        entry.cause.get_or_insert(ExitStatus::Killed(signal.number()));
        return held.process.kill(KILLED + u64::from(signal.number()));
    }
    if effect.ring != 0 {
        held.bell.signal(effect.ring)?;
        if let Some(reply) = held.suspended.take() {
            // The bell has cut its wait short already, unless another thread waits.
            reply.send(Ok(()));
        }
    }
    if effect.go_on {
        held.process.resume()?;
    }
    if effect.stop.is_some() {
        held.process.suspend()?;
    }
    Ok(())
}
