//! A counter of stamps as a clock of nanoseconds.

const NS_PER_SECOND: u64 = 1_000_000_000;

/// How stamps become nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// The stamp at time 0.
    pub start: u64,
    /// Nanoseconds in 2^32 stamps.
    pub ns: u64,
    /// Stamps in 2^32 nanoseconds.
    pub stamps: u64,
}

impl Clock {
    /// A clock of `hz` stamps a second; 0 counts as 1.
    pub fn new(start: u64, hz: u64) -> Self {
        let hz = hz.max(1);
        Self { start, ns: scaled(NS_PER_SECOND, hz), stamps: scaled(hz, NS_PER_SECOND) }
    }

    /// Stamps as nanoseconds.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "500 years are less than 2^64 nanoseconds")]
    pub fn ns_of(&self, stamps: u64) -> u64 {
        ((u128::from(stamps) * u128::from(self.ns)) >> 32) as u64
    }

    /// Nanoseconds as stamps; what does not fit is the most that does.
    #[inline(always)]
    pub fn stamps_of(&self, ns: u64) -> u64 {
        let stamps = (u128::from(ns) * u128::from(self.stamps)) >> 32;
        u64::try_from(stamps).unwrap_or(u64::MAX)
    }

    /// Nanoseconds from time 0 to this stamp. Saturating: a CPU whose counter is behind the boot
    /// CPU's is at time 0, not at the end of time.
    #[inline(always)]
    pub fn at(&self, stamp: u64) -> u64 {
        self.ns_of(stamp.saturating_sub(self.start))
    }

    /// The stamp at a time, rounded up. Saturating: a deadline that is never reached.
    #[inline(always)]
    pub fn stamp_at(&self, ns: u64) -> u64 {
        self.start.saturating_add(self.stamps_of(ns)).saturating_add(1)
    }
}

fn scaled(value: u64, by: u64) -> u64 {
    u64::try_from((u128::from(value) << 32) / u128::from(by)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Clock;

    /// Rates from 1 Hz to 10 GHz, starts from 0 to the counter's end.
    fn clocks() -> impl Iterator<Item = Clock> {
        let starts = [0, 1, 1 << 40, u64::MAX - 1, u64::MAX];
        let rates = [0, 1, 1000, 3_579_545, 1_000_000_000, 2_999_999_997, 10_000_000_000];
        starts.into_iter().flat_map(move |start| rates.map(|hz| Clock::new(start, hz)))
    }

    #[test]
    fn no_deadline_of_a_program_overflows() {
        for clock in clocks() {
            for shift in 0..64 {
                for ns in [1 << shift, (1 << shift) - 1, u64::MAX - (1 << shift)] {
                    let stamp = clock.stamp_at(ns);
                    assert!(stamp >= clock.start.saturating_add(1) || stamp == u64::MAX);
                }
            }
            assert!(clock.stamp_at(u64::MAX) >= clock.stamp_at(1));
        }
    }

    #[test]
    fn a_stamp_of_a_time_is_not_before_it() {
        for hz in [1_000_000_000, 2_999_999_997, 3_579_545] {
            let clock = Clock::new(77, hz);
            for ns in [0, 1, 999, 1_000_000, 3_600_000_000_000] {
                let reached = clock.at(clock.stamp_at(ns) + 1);
                assert!(reached >= ns.saturating_sub(ns >> 22), "{ns} ns at {hz} Hz: {reached}");
            }
        }
    }

    #[test]
    fn a_counter_behind_the_start_is_at_time_0() {
        assert_eq!(Clock::new(1000, 1_000_000_000).at(995), 0);
    }
}
