//! Timers: bits at a deadline.

use crate::handle::{created, object};
use crate::raw::{argument, plain};
use crate::{Error, FOREVER, Notification};
use abi::Syscall;

object! {
    /// A deadline that sets bits of a notification once.
    Timer
}

impl Timer {
    /// A timer for these bits; not armed.
    pub fn create(notification: &Notification, bits: u64) -> Result<Self, Error> {
        let arguments = [argument(notification.handle()), bits, 0, 0, 0, 0];
        created(plain(Syscall::TimerCreate, arguments)).map(Self)
    }

    /// Arms it, in place of what it was armed for.
    pub fn arm(&self, deadline_ns: u64) -> Result<(), Error> {
        plain(Syscall::TimerArm, [argument(self.handle()), deadline_ns, 0, 0, 0, 0]).map(|_| ())
    }

    /// Disarms it.
    pub fn disarm(&self) -> Result<(), Error> {
        self.arm(FOREVER)
    }
}
