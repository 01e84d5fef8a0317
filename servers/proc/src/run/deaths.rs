//! Programs that have ended.

use super::ProcServer;
use alloc::vec::Vec;
use proc_api::{ChildStatus, Signal};
use sys::ProcessState;

impl ProcServer {
    /// The program in this slot may have ended.
    pub(super) fn death(&mut self, slot: u8) {
        let held = self.programs.slot(slot).and_then(|entry| entry.process.as_ref());
        let Some(info) = held.and_then(|held| held.process.info().ok()) else { return };
        if info.state != ProcessState::Dead as u32 {
            return;
        }
        let Some(gone) = self.programs.mark_ended(slot, info.status) else { return };
        let (pid, code) = (gone.ids.pid, gone.status.code());
        defmt::info!("{=str} ({=u32}) ended with {=u64}", gone.name.as_str(), pid, code);
        self.programs.forget_unwanted(&gone);
        // A parent that waits is told first, so that SIGCHLD does not cut its wait short.
        self.tell_waiters();
        self.tell_parent(gone.ids, ChildStatus::Ended(gone.status));
        for pid in &gone.hung_up {
            self.hang_up(*pid);
        }
        for group in &gone.orphaned {
            self.release(*group);
        }
    }

    /// Continues the stopped members of an orphaned group, after SIGHUP.
    fn release(&mut self, group: u32) {
        let members: Vec<u32> = self.programs.members(group).map(|entry| entry.ids.pid).collect();
        members.into_iter().for_each(|pid| self.hang_up(pid));
    }

    /// SIGHUP, also to a program that is stopped.
    fn hang_up(&mut self, pid: u32) {
        for signal in [Signal::HUP, Signal::CONT] {
            // It has not ended, and standard signals always find their places.
            let _ = self.send_from(0, pid, signal);
        }
    }
}
