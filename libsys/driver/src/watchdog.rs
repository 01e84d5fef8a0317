//! A device that does not answer is noticed.

use crate::TICK;
use sys::{Error, Notification, Timer};

/// From one look to the next.
const TICK_NS: u64 = 1_000_000_000;
/// The looks that a request may see.
pub const TICKS: u64 = 10;

/// Counts seconds while something is in flight. What was begun is marked with
/// [`Watchdog::tick`]; [`TICK`] calls for [`Watchdog::look`].
#[derive(Debug)]
pub struct Watchdog {
    tick: u64,
    timer: Timer,
    armed: bool,
}

impl Watchdog {
    /// Off. It sets [`TICK`] of this notification.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn new(bell: &Notification) -> Result<Self, Error> {
        Ok(Self { tick: 0, timer: Timer::create(bell, TICK)?, armed: false })
    }

    /// The mark of what begins now.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.tick
    }

    /// Goes on while something is in flight.
    pub fn watch(&mut self, in_flight: bool) {
        if in_flight && !self.armed {
            self.armed = self.timer.arm(sys::clock().saturating_add(TICK_NS)).is_ok();
        }
    }

    /// Counts a second. Returns the mark of what is late, if anything can be: what has it, or an
    /// earlier one, was begun ten seconds ago.
    pub fn look(&mut self) -> Option<u64> {
        self.armed = false;
        self.tick += 1;
        self.tick.checked_sub(TICKS)
    }
}

#[cfg(test)]
mod tests {
    use super::{TICKS, Watchdog};
    use crate::TICK;
    use sys::{FOREVER, Notification};

    #[test]
    fn what_is_in_flight_is_late_after_ten_looks() {
        let bell = Notification::create().unwrap();
        let mut watchdog = Watchdog::new(&bell).unwrap();
        watchdog.watch(false);
        watchdog.watch(true);
        assert_eq!(bell.wait(FOREVER), Ok(TICK));
        let marks: Vec<_> = (0..=TICKS).map(|_| watchdog.look()).collect();
        assert_eq!(marks[..9], [None; 9]);
        assert_eq!(marks[9..], [Some(0), Some(1)]);
        assert_eq!(watchdog.tick(), 11);
    }
}
