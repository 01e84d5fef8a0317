//! Alarms: when the next one is.

/// An alarm of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub deadline_ns: u64,
    /// How long until it comes again; 0: never.
    pub interval_ns: u64,
}

/// Shorter intervals would leave no time for anything else.
const SHORTEST_NS: u64 = 100_000;

impl Alarm {
    /// Returns an alarm after `after_ns` nanoseconds; `None` for 0.
    pub fn after(now_ns: u64, after_ns: u64, interval_ns: u64) -> Option<Self> {
        let interval_ns = if interval_ns == 0 { 0 } else { interval_ns.max(SHORTEST_NS) };
        let deadline_ns = now_ns.saturating_add(after_ns);
        (after_ns != 0).then_some(Self { deadline_ns, interval_ns })
    }

    /// Returns the time left in nanoseconds, at least 1.
    pub fn left(self, now_ns: u64) -> u64 {
        self.deadline_ns.saturating_sub(now_ns).max(1)
    }

    /// Returns the next alarm after this one fired, without the intervals that have passed.
    pub fn again(self, now_ns: u64) -> Option<Self> {
        let late = now_ns.saturating_sub(self.deadline_ns);
        let missed = late.checked_div(self.interval_ns)?;
        let next = self.interval_ns.saturating_mul(missed.saturating_add(1));
        Some(Self { deadline_ns: self.deadline_ns.saturating_add(next), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::Alarm;

    #[test]
    fn once_and_again() {
        assert_eq!(Alarm::after(5, 0, 7), None);
        let once = Alarm::after(5, 10, 0).unwrap();
        assert_eq!((once.deadline_ns, once.left(5), once.left(20)), (15, 10, 1));
        assert_eq!(once.again(15), None);
        let often = Alarm::after(0, 1_000_000, 200_000).unwrap();
        assert_eq!(often.again(1_000_000).unwrap().deadline_ns, 1_200_000);
        assert_eq!(often.again(1_450_000).unwrap().deadline_ns, 1_600_000, "no two at once");
        assert_eq!(Alarm::after(0, 1, 1).unwrap().interval_ns, 100_000);
        assert_eq!(Alarm::after(u64::MAX, 1, 1).unwrap().deadline_ns, u64::MAX);
    }
}
