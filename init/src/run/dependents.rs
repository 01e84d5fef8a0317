//! Those who depend on a server: told or restarted when it is back.
//!
//! **Order.** All who start again are ended at once; each starts when none of those it depends
//! on is still on its way (`Init::start_time`). So they come back in the order of the boot.

use super::Init;
use manifest::System;

impl Init {
    /// A server was started again.
    pub(super) fn came_back(&mut self, index: usize) {
        self.tell_dependents(index);
        for other in self.system().restarted_with(index) {
            let Some(child) = self.children.get_mut(other) else { continue };
            if child.is_coming() {
                continue;
            }
            let ended = child.follow();
            let name = child.plan.name.as_str();
            match ended {
                Ok(()) => defmt::info!("{=str} starts again after its dependency", name),
                Err(error) => defmt::warn!("{=str} does not end: {=str}", name, error.text()),
            }
        }
    }

    /// A server was started again, or will not be.
    pub(super) fn tell_dependents(&self, index: usize) {
        for (other, bits) in self.system().told_of(index) {
            let Some(child) = self.children.get(other) else { continue };
            if let Err(error) = child.tell(bits) {
                let name = child.plan.name.as_str();
                defmt::warn!("{=str} is not told: {=str}", name, error.text());
            }
        }
    }

    fn system(&self) -> &System {
        &self.common.boot.system
    }
}
