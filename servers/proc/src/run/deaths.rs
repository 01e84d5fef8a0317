//! Programs that have ended.

use super::ProcServer;
use proc_api::Signal;
use proc_core::MAX_PROGRAMS;
use sys::ProcessState;

impl ProcServer {
    /// Bits of deaths.
    pub(super) fn deaths(&mut self, bits: u64) {
        for slot in (0..MAX_PROGRAMS).filter(|slot| bits & (1 << slot) != 0) {
            self.death(slot);
        }
    }

    fn death(&mut self, slot: u8) {
        let held = self.programs.slot(slot).and_then(|entry| entry.process.as_ref());
        let Some(info) = held.and_then(|held| held.process.info().ok()) else { return };
        if info.state != ProcessState::Dead as u32 {
            return;
        }
        let Some(gone) = self.programs.died(slot, info.status) else { return };
        let code = gone.status.code();
        defmt::info!("{=str} ({=u32}) ended with {=u64}", gone.name.as_str(), gone.pid, code);
        for waiter in gone.waiters {
            waiter.send(Ok(gone.status));
        }
        if gone.parent != 0 {
            // A parent that has ended before has no use for it.
            let _ = self.deliver(gone.parent, Signal::Child);
        }
    }
}
