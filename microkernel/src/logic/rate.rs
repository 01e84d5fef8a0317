//! The rate of one counter, measured against another, on a machine that may stop at any point.
//!
//! A host takes its CPU away from a guest for milliseconds, between any two instructions. So a
//! reading of the reference lies somewhere between two stamps that may be far apart, and one short
//! measurement says nothing. Here each reading keeps both stamps, a window between two readings
//! gives an interval that holds the rate for sure, and the rate is where most windows agree. A
//! reference that wrapped meanwhile gives an interval elsewhere, and is outvoted. At last the time
//! from the first reading to the last one counts as one long window.
//!
//! Units: `hz` are stamps per second. All is bounded: the windows, and the readings of each.

/// The most windows that are looked at.
pub const WINDOWS: usize = 25;
/// Windows that have to agree.
const AGREE: usize = 4;
/// Readings of which the best one is taken.
const TRIES: usize = 8;
/// A reference that is still the same after this many readings does not count.
const STUCK: u32 = 20_000;
/// No window takes more readings.
const READINGS: u32 = 4_000_000;

/// One reading of the reference, and the stamps before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The stamp before.
    pub before: u64,
    /// The reference.
    pub count: u64,
    /// The stamp after.
    pub after: u64,
}

impl Reading {
    fn width(&self) -> u64 {
        self.after.saturating_sub(self.before)
    }
}

/// A counter of known rate that counts up and wraps.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// Its counts per second.
    pub hz: u64,
    /// Its highest count: a power of two less one.
    pub mask: u64,
}

/// How long a window is at least.
#[derive(Clone, Copy, Debug)]
pub enum Window {
    /// Counts of the reference.
    Counts(u64),
    /// Stamps.
    Stamps(u64),
}

/// The rate lies between these for sure, if the reference did not wrap unseen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bounds {
    low: u64,
    high: u64,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Stamps per second.
    pub hz: u64,
    /// Whether enough windows agreed.
    pub agreed: bool,
    bounds: Bounds,
    first: Reading,
}

impl Reference {
    /// Returns the bounds of the rate when the reference advanced by `counts` between two
    /// readings; `None` when they give none.
    fn bounds(&self, first: &Reading, last: &Reading, counts: u64) -> Option<Bounds> {
        let least = last.before.checked_sub(first.after)?;
        let most = last.after.checked_sub(first.before)?;
        // A count is taken somewhere within its time.
        let low = per_second(least, self.hz, counts.checked_add(1)?);
        let high = per_second(most, self.hz, counts.checked_sub(1).filter(|counts| *counts > 0)?);
        (low < high).then_some(Bounds { low, high })
    }

    fn counts(&self, first: &Reading, last: &Reading) -> u64 {
        last.count.wrapping_sub(first.count) & self.mask
    }

    /// Measures the rate of stamps. `read` makes one reading. `None`: the reference stands still.
    pub fn measure(&self, window: Window, read: impl FnMut() -> Reading) -> Option<Estimate> {
        let mut reader = Reader { read, best: u64::MAX };
        let mut found = [Bounds::default(); WINDOWS];
        let first = reader.narrow();
        let (mut begin, mut len) = (first, 0);
        let mut agreed = (0, Bounds::default());
        for _ in 0..WINDOWS {
            let end = self.end_of(window, &begin, &mut reader)?;
            if let Some(bounds) = self.bounds(&begin, &end, self.counts(&begin, &end)) {
                found[len] = bounds;
                len += 1;
                agreed = most_agreed(&found[..len])?;
            }
            begin = end;
            if agreed.0 >= AGREE && 2 * agreed.0 > len {
                break;
            }
        }
        let bounds = (agreed.0 > 0).then_some(agreed.1)?;
        let estimate = Estimate { hz: bounds.middle(), agreed: agreed.0 >= AGREE, bounds, first };
        Some(self.refined(&estimate, &begin).unwrap_or(estimate))
    }

    /// The first good reading that is far enough away.
    fn end_of(
        &self,
        window: Window,
        begin: &Reading,
        reader: &mut Reader<impl FnMut() -> Reading>,
    ) -> Option<Reading> {
        let mut same = 0;
        let mut last = begin.count;
        for _ in 0..READINGS {
            let now = (reader.read)();
            same = if now.count == last { same + 1 } else { 0 };
            last = now.count;
            if same > STUCK {
                return None;
            }
            let far = match window {
                Window::Counts(counts) => self.counts(begin, &now) >= counts,
                Window::Stamps(stamps) => now.before.saturating_sub(begin.after) >= stamps,
            };
            if far {
                return Some(reader.narrow());
            }
        }
        None
    }

    /// Returns the estimate with the time from its first reading to a later one as one window. The
    /// number of wraps of the reference follows from the estimate. `None`: the two disagree.
    pub fn refined(&self, estimate: &Estimate, later: &Reading) -> Option<Estimate> {
        let stamps = later.before.checked_sub(estimate.first.after)?;
        let expected = u128::from(stamps) * u128::from(self.hz) / u128::from(estimate.hz.max(1));
        let seen = u128::from(self.counts(&estimate.first, later));
        let turn = u128::from(self.mask) + 1;
        // To the nearest number of wraps.
        let turns = (expected + turn / 2).saturating_sub(seen) / turn;
        let counts = u64::try_from(seen + turns * turn).ok()?;
        let long = self.bounds(&estimate.first, later, counts)?;
        let bounds = long.both(estimate.bounds)?;
        Some(Estimate { hz: bounds.middle(), bounds, ..*estimate })
    }
}

impl Bounds {
    fn middle(self) -> u64 {
        self.low.midpoint(self.high)
    }

    fn both(self, other: Self) -> Option<Self> {
        let both = Self { low: self.low.max(other.low), high: self.high.min(other.high) };
        (both.low <= both.high).then_some(both)
    }
}

/// The range that most of the bounds have in common, and how many those are.
fn most_agreed(all: &[Bounds]) -> Option<(usize, Bounds)> {
    // Where most agree, one of them begins.
    let common = all.iter().map(|start| {
        let over = |bounds: &&Bounds| (bounds.low..=bounds.high).contains(&start.low);
        let high = all.iter().filter(over).map(|bounds| bounds.high).min();
        let bounds = Bounds { low: start.low, high: high.unwrap_or(start.high) };
        (all.iter().filter(over).count(), bounds)
    });
    common.max_by_key(|(count, _)| *count)
}

/// Makes readings, and knows how good they can be.
struct Reader<R> {
    read: R,
    best: u64,
}

impl<R: FnMut() -> Reading> Reader<R> {
    /// A reading whose stamps are close to each other.
    fn narrow(&mut self) -> Reading {
        let mut found = (self.read)();
        for _ in 1..TRIES {
            if found.width() <= self.best.saturating_mul(2) && self.best != u64::MAX {
                break;
            }
            let next = (self.read)();
            if next.width() < found.width() {
                found = next;
            }
        }
        self.best = self.best.min(found.width());
        found
    }
}

fn per_second(stamps: u64, hz: u64, counts: u64) -> u64 {
    let rate = u128::from(stamps) * u128::from(hz) / u128::from(counts.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// The rate that the clock goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// What was told; nothing measured speaks against it.
    Told(u64),
    /// What was measured, and nothing was told.
    Measured(u64),
    /// What was measured, against what was told.
    Against {
        /// In use.
        measured: u64,
        /// Not in use.
        told: u64,
    },
    /// What was measured, though its windows did not agree.
    Doubtful(u64),
    /// Neither.
    Unknown,
}

impl Choice {
    /// The rate to use.
    pub fn hz(self) -> Option<u64> {
        match self {
            Self::Told(hz)
            | Self::Measured(hz)
            | Self::Doubtful(hz)
            | Self::Against { measured: hz, .. } => Some(hz),
            Self::Unknown => None,
        }
    }
}

/// Chooses between what CPU or hypervisor tell and what was measured. What was told is exact, so
/// it counts unless windows that agree are more than 1% away from it.
pub fn choose(told: Option<u64>, measured: Option<&Estimate>) -> Choice {
    match (told, measured) {
        (Some(told), Some(found)) if found.agreed && found.hz.abs_diff(told) > told / 100 => {
            Choice::Against { measured: found.hz, told }
        }
        (Some(told), _) => Choice::Told(told),
        (None, Some(found)) if found.agreed => Choice::Measured(found.hz),
        (None, Some(found)) => Choice::Doubtful(found.hz),
        (None, None) => Choice::Unknown,
    }
}

#[cfg(test)]
mod tests;
