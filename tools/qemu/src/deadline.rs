//! Deadlines.

use std::time::{Duration, Instant};

/// The end of a wait. One beyond the range of the clock is never reached.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// This long from now.
    pub fn after(limit: Duration) -> Self {
        Self(Instant::now().checked_add(limit))
    }

    /// A deadline that is never reached.
    pub fn never() -> Self {
        Self(None)
    }

    /// The time until then.
    pub fn left(self) -> Duration {
        self.0.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }

    /// Whether it is reached.
    pub fn is_over(self) -> bool {
        self.left().is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::Deadline;
    use std::time::Duration;

    #[test]
    fn any_limit_is_a_deadline() {
        assert!(Deadline::after(Duration::ZERO).is_over());
        for limit in [Duration::from_secs(u64::MAX), Duration::MAX] {
            assert_eq!(Deadline::after(limit).left(), Duration::MAX);
        }
        assert!(Deadline::after(Duration::from_secs(60)).left() <= Duration::from_secs(60));
        assert!(!Deadline::never().is_over());
    }
}
