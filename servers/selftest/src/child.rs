//! A child of this program, as its parent holds it.

use crate::bench::{SOON_NS, after};
use sys::{Failure, Notification, Process, ProcessInfo};

/// A child; killed on drop.
pub(crate) struct Child {
    /// The process.
    pub(crate) process: Process,
    death: Notification,
}

impl Child {
    pub(crate) fn new(process: Process, death: Notification) -> Self {
        Self { process, death }
    }

    /// Waits for its end: what is known of it then.
    pub(crate) fn end(&self) -> Result<ProcessInfo, Failure> {
        let bits = self.death.wait(after(SOON_NS));
        bits.map_err(|error| Failure::from(error).while_doing("waiting for a child to end"))?;
        Ok(self.process.info()?)
    }

    /// Waits so long for its end, or not.
    pub(crate) fn end_within(&self, ns: u64) {
        let _ = self.death.wait(after(ns));
    }

    /// Its status, once it has ended.
    pub(crate) fn status(&self) -> Result<u64, Failure> {
        Ok(self.end()?.status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let ended =
            self.process.info().is_ok_and(|info| info.state == sys::ProcessState::Dead as u32);
        if !ended && self.process.kill(0).is_ok() {
            let _ = self.death.wait(after(SOON_NS));
        }
    }
}
