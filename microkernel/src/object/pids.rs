//! Process ids: counted up, and apart also when the counter has come round.

use super::process::FIRST_PID;

/// Ids that are looked at together.
const WINDOW: u32 = 64;

/// Ids that no process has. The first lap needs no look at any process.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Pids {
    next: u32,
    end: u32,
}

impl Default for Pids {
    fn default() -> Self {
        Self { next: FIRST_PID, end: u32::MAX }
    }
}

impl Pids {
    /// A new one, if there is one at hand.
    pub fn take(&mut self) -> Option<u32> {
        let next = (self.next < self.end).then_some(self.next)?;
        self.next += 1;
        Some(next)
    }

    /// Whether [`Pids::find`] must be called first.
    pub fn is_empty(&self) -> bool {
        self.next >= self.end
    }

    /// Looks for ids that are not `used`, behind the last one. False when the next 64 all are:
    /// the call after this one looks at those behind them.
    pub fn find(&mut self, used: impl Iterator<Item = u32> + Clone) -> bool {
        let first = match self.end {
            u32::MAX => FIRST_PID + 1,
            end => end.saturating_add(1),
        };
        let taken = used.clone().filter_map(|pid| pid.checked_sub(first));
        let taken = taken.filter(|ahead| *ahead < WINDOW).fold(0, |bits, at| bits | 1_u64 << at);
        let start = first.saturating_add(taken.trailing_ones());
        let end = used.filter(|pid| *pid > start).min().unwrap_or(u32::MAX);
        let end = if taken == u64::MAX { start } else { end };
        *self = Self { next: start, end };
        !self.is_empty()
    }

    /// The counter is about to come round.
    #[cfg(test)]
    pub(crate) fn end_is_near(&mut self) {
        *self = Self { next: u32::MAX - 1, end: u32::MAX };
    }
}

#[cfg(test)]
mod tests {
    use super::Pids;

    fn next(pids: &mut Pids, used: &[u32]) -> Option<u32> {
        if pids.is_empty() {
            pids.find(used.iter().copied());
        }
        pids.take()
    }

    #[test]
    fn the_second_lap_leaves_out_what_lives() {
        let mut pids = Pids { next: u32::MAX - 1, end: u32::MAX };
        let used = [1, 2, 3, 5, 9, u32::MAX - 1];
        let found: Vec<_> = (0..7).map_while(|_| next(&mut pids, &used)).collect();
        assert_eq!(found, [u32::MAX - 1, 4, 6, 7, 8, 10, 11]);
        pids = Pids { next: u32::MAX - 2, end: u32::MAX - 2 };
        assert_eq!(next(&mut pids, &[u32::MAX - 1]), None, "there is none up to the end");
        assert_eq!(next(&mut pids, &[]), Some(2));
    }

    #[test]
    fn many_in_a_row_are_found_in_pieces() {
        let used: Vec<u32> = (1..200).collect();
        let mut pids = Pids { next: u32::MAX, end: u32::MAX };
        let tries: Vec<_> = (0..4).map(|_| next(&mut pids, &used)).collect();
        assert_eq!(tries, [None, None, None, Some(200)]);
    }
}
