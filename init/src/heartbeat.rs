//! Heartbeat of a running server: found from its receives, without a message to it.
//!
//! init checks once per period. A server that has received a message since the last check is
//! alive; so is one that waits for a message now. A server that did neither at two checks in
//! a row is hung: none of its threads took a message for a whole period. It loops, or waits
//! for an event that does not happen.

const NS_PER_MS: u64 = 1_000_000;

/// What one look sees of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// How often it has received, since its start.
    pub receives: u64,
    /// Whether it waits for messages now.
    pub listens: bool,
}

/// One server's heartbeat.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    period_ns: u64,
    next_ns: u64,
    receives: u64,
    /// It was silent at the last look.
    silent: bool,
}

impl Heartbeat {
    /// Returns the heartbeat of a server that starts now; `None` for period 0, no check.
    pub fn start(period_ms: u32, now_ns: u64) -> Option<Self> {
        let period_ns = u64::from(period_ms) * NS_PER_MS;
        let next_ns = now_ns.saturating_add(period_ns);
        (period_ms > 0).then_some(Self { period_ns, next_ns, receives: 0, silent: false })
    }

    /// Returns the time of the next check.
    pub fn next_ns(&self) -> u64 {
        self.next_ns
    }

    /// Checks once. Returns whether the server is hung.
    pub fn look(&mut self, now_ns: u64, signs: Signs) -> bool {
        self.next_ns = now_ns.saturating_add(self.period_ns);
        let moved = signs.receives != core::mem::replace(&mut self.receives, signs.receives);
        let silent = !moved && !signs.listens;
        core::mem::replace(&mut self.silent, silent) && silent
    }

    /// Restarts the checks: the server was suspended on purpose, so its silence says nothing.
    pub fn excuse(&mut self, now_ns: u64) {
        self.next_ns = now_ns.saturating_add(self.period_ns);
        self.silent = false;
    }
}

#[cfg(test)]
mod tests {
    use super::{Heartbeat, Signs};

    const MS: u64 = 1_000_000;

    /// The looks at which a server with these signs is found to be hung.
    fn hung(signs: &[(u64, bool)]) -> alloc::vec::Vec<usize> {
        let mut heart = Heartbeat::start(10, 0).unwrap();
        let look = |(receives, listens): &(u64, bool)| {
            heart.look(heart.next_ns(), Signs { receives: *receives, listens: *listens })
        };
        let found: alloc::vec::Vec<bool> = signs.iter().map(look).collect();
        (0..found.len()).filter(|index| found[*index]).collect()
    }

    #[test]
    fn an_idle_server_that_listens_is_well_for_ever() {
        assert!(hung(&[(1, true); 100]).is_empty());
    }

    #[test]
    fn a_busy_server_is_well_as_long_as_it_takes_messages() {
        let busy: alloc::vec::Vec<_> = (1..100).map(|count| (count, false)).collect();
        assert!(hung(&busy).is_empty());
    }

    #[test]
    fn a_silent_server_is_hung_after_a_whole_period() {
        assert_eq!(hung(&[(5, true), (5, false), (5, false)]), [2]);
        assert_eq!(hung(&[(5, false), (5, false), (5, false)]), [2], "the first look moves");
        assert_eq!(hung(&[(0, false), (0, false)]), [1], "it never received anything");
    }

    #[test]
    fn one_silent_look_is_forgiven() {
        assert!(hung(&[(5, true), (5, false), (6, false), (6, false), (6, true)]).is_empty());
    }

    #[test]
    fn looks_come_once_a_period_and_only_if_asked_for() {
        assert!(Heartbeat::start(0, 7).is_none());
        let mut heart = Heartbeat::start(10, 7).unwrap();
        assert_eq!(heart.next_ns(), 10 * MS + 7);
        heart.look(25 * MS, Signs { receives: 0, listens: false });
        assert_eq!(heart.next_ns(), 35 * MS, "late looks are not made up for");
    }

    #[test]
    fn one_that_was_stopped_is_excused() {
        let mut heart = Heartbeat::start(10, 0).unwrap();
        let silent = Signs { receives: 0, listens: false };
        assert!(!heart.look(10 * MS, silent));
        heart.excuse(20 * MS);
        assert!(!heart.look(30 * MS, silent));
        assert!(heart.look(40 * MS, silent));
    }
}
