//! Alarms: a task for each, which ends with its program.

use super::ProcServer;
use proc_api::{Cause, Info, ProcError, Signal};
use proc_core::Alarm;

impl ProcServer {
    /// The alarm of the program in this slot may be due.
    pub(super) fn alarm_due(&mut self, slot: u8) {
        let now = sys::clock();
        let Some(entry) = self.programs.slot(slot) else { return };
        let Some(due) = entry.alarm.filter(|alarm| alarm.deadline_ns <= now) else { return };
        let pid = entry.ids.pid;
        self.arm(pid, due.again(now));
        // It has not ended, and a standard signal always finds its place.
        let _ = self.send(pid, Info { signal: Signal::ALRM, cause: Cause::Alarm });
    }

    /// Sets a program's alarm: how long the one before still had to go.
    pub(super) fn set_alarm(
        &mut self,
        pid: u32,
        after: u64,
        interval: u64,
    ) -> Result<u64, ProcError> {
        let now = sys::clock();
        let before = self.programs.alive(pid).ok_or(ProcError::NoSuchProcess { pid })?.alarm;
        self.arm(pid, Alarm::after(now, after, interval));
        Ok(before.map_or(0, |alarm| alarm.left(now)))
    }

    /// The program's alarm in place of the one before.
    fn arm(&mut self, pid: u32, alarm: Option<Alarm>) {
        let Some(entry) = self.programs.alive(pid) else { return };
        let bit = 1 << entry.slot;
        entry.alarm = alarm;
        if let Some(held) = &mut entry.process {
            held.alarm = alarm.map(|alarm| self.executor.ring_at(alarm.deadline_ns, bit));
        }
    }
}
