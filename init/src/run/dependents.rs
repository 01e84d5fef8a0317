//! The dependents of a server: told or restarted after its restart.
//!
//! **Order.** All dependents to restart end at once. Each starts when no server that it depends
//! on is about to start (`Init::start_time`), so the order is that of the boot.

use super::Init;
use manifest::System;

impl Init {
    /// Tells and restarts the dependents of a server that has started again.
    pub(super) fn on_restart(&mut self, index: usize) {
        self.tell_dependents(index);
        for other in self.system().restarted_with(index) {
            let Some(child) = self.children.get_mut(other) else { continue };
            if child.will_start() {
                continue;
            }
            let ended = child.restart_after_dependency();
            let name = child.plan.name.as_str();
            match ended {
                Ok(()) => defmt::info!("{=str} starts again after its dependency", name),
                Err(error) => defmt::warn!("{=str} does not end: {=str}", name, error.text()),
            }
        }
    }

    /// Tells the dependents of a server that it has started again, or never will.
    pub(super) fn tell_dependents(&self, index: usize) {
        for (other, bits) in self.system().told_of(index) {
            let Some(child) = self.children.get(other) else { continue };
            if let Err(error) = child.signal_peers(bits) {
                let name = child.plan.name.as_str();
                defmt::warn!("{=str} is not told: {=str}", name, error.text());
            }
        }
    }

    fn system(&self) -> &System {
        &self.common.boot.system
    }
}
