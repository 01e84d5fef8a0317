//! Alarms: one timer for all of them.

use super::{ALARM, ProcServer};
use alloc::vec::Vec;
use proc_api::{Cause, Info, ProcError, Signal};
use proc_core::Alarm;
use sys::FOREVER;

impl ProcServer {
    /// Bits of the bell.
    pub(super) fn alarms(&mut self, bits: u64) {
        if bits & ALARM == 0 {
            return;
        }
        self.armed_ns = FOREVER;
        let now = sys::clock();
        let due = |alarm: Option<Alarm>| alarm.is_some_and(|alarm| alarm.deadline_ns <= now);
        let programs = self.programs.living().filter(|entry| due(entry.alarm));
        let pids: Vec<u32> = programs.map(|entry| entry.ids.pid).collect();
        for pid in pids {
            if let Some(entry) = self.programs.alive(pid) {
                entry.alarm = entry.alarm.and_then(|alarm| alarm.again(now));
            }
            // It has not ended, and a standard signal always finds its place.
            let _ = self.send(pid, Info { signal: Signal::ALRM, cause: Cause::Alarm });
        }
    }

    /// Sets a program's alarm: how long the one before still had to go.
    pub(super) fn set_alarm(
        &mut self,
        pid: u32,
        after: u64,
        interval: u64,
    ) -> Result<u64, ProcError> {
        let now = sys::clock();
        let entry = self.programs.alive(pid).ok_or(ProcError::NoSuchProcess { pid })?;
        let alarm = Alarm::after(now, after, interval);
        let before = core::mem::replace(&mut entry.alarm, alarm);
        Ok(before.map_or(0, |alarm| alarm.left(now)))
    }

    /// Arms the timer for the first alarm of all.
    pub(super) fn arm(&mut self) {
        let alarms = self.programs.living().filter_map(|entry| entry.alarm);
        let first = alarms.map(|alarm| alarm.deadline_ns).min().unwrap_or(FOREVER);
        if first == self.armed_ns {
            return;
        }
        match self.timer.arm(first) {
            Ok(()) => self.armed_ns = first,
            Err(error) => defmt::warn!("no alarms: {=str}", error.text()),
        }
    }
}
