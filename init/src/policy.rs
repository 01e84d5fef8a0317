//! When a server is started again: a machine of its deaths, with the time passed in.
//!
//! A death on request (`kill`, `crash`, `restart`) is no sign of a sick server: it is
//! started again at once, and does not count. Others count within the window: the pause
//! before the n-th start in a row is `backoff * 2^(n-1)`, at most `backoff_max`; more than
//! `limit` of them, and the server is given up.

use alloc::vec::Vec;
use manifest::{Restart, RestartPolicy};

const NS_PER_MS: u64 = 1_000_000;

/// Why a server died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Someone asked for it.
    Requested,
    /// It ended or was killed for a fault, with this status.
    Status(u64),
}

/// What to do about a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Start it again at this time.
    RestartAt(u64),
    /// Leave it.
    Ended,
    /// It died too often.
    GiveUp {
        /// So often within the window.
        deaths: u32,
    },
}

/// One server's deaths.
#[derive(Clone, Debug)]
pub struct Supervision {
    policy: RestartPolicy,
    /// Times of the deaths that count.
    deaths: Vec<u64>,
    restarts: u32,
}

impl Supervision {
    /// Of a server that has not died yet.
    pub fn new(policy: RestartPolicy) -> Self {
        Self { policy, deaths: Vec::new(), restarts: 0 }
    }

    /// How often it was started again.
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// It is started again.
    pub fn restarted(&mut self) {
        self.restarts = self.restarts.saturating_add(1);
    }

    /// A person starts it again: what was is forgotten.
    pub fn forgive(&mut self) {
        self.deaths.clear();
    }

    /// It died.
    pub fn died(&mut self, now_ns: u64, cause: Cause) -> Verdict {
        match (self.policy.when, cause) {
            (Restart::Never, _) | (Restart::OnCrash, Cause::Status(0)) => Verdict::Ended,
            (_, Cause::Requested) => Verdict::RestartAt(now_ns),
            (_, Cause::Status(_)) => self.sick(now_ns),
        }
    }

    fn sick(&mut self, now_ns: u64) -> Verdict {
        let window_ns = u64::from(self.policy.window_ms) * NS_PER_MS;
        self.deaths.retain(|death| now_ns.saturating_sub(*death) < window_ns);
        self.deaths.push(now_ns);
        let deaths = u32::try_from(self.deaths.len()).unwrap_or(u32::MAX);
        if deaths > self.policy.limit {
            return Verdict::GiveUp { deaths };
        }
        Verdict::RestartAt(now_ns.saturating_add(self.pause_ms(deaths) * NS_PER_MS))
    }

    fn pause_ms(&self, deaths: u32) -> u64 {
        let doublings = deaths.saturating_sub(1).min(20);
        (u64::from(self.policy.backoff_ms) << doublings).min(self.policy.backoff_max_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, Supervision, Verdict};
    use manifest::{Restart, RestartPolicy};

    const MS: u64 = 1_000_000;

    fn supervision(when: Restart) -> Supervision {
        Supervision::new(RestartPolicy {
            when,
            backoff_ms: 100,
            backoff_max_ms: 10_000,
            limit: 3,
            window_ms: 10_000,
        })
    }

    #[test]
    fn never_means_never() {
        let mut server = supervision(Restart::Never);
        for cause in [Cause::Requested, Cause::Status(0), Cause::Status(1)] {
            assert_eq!(server.died(0, cause), Verdict::Ended);
        }
    }

    #[test]
    fn on_crash_lets_a_good_end_be() {
        let mut server = supervision(Restart::OnCrash);
        assert_eq!(server.died(0, Cause::Status(0)), Verdict::Ended);
        assert_eq!(server.died(0, Cause::Status(1)), Verdict::RestartAt(100 * MS));
    }

    #[test]
    fn always_starts_again_after_a_good_end_too() {
        let mut server = supervision(Restart::Always);
        assert_eq!(server.died(0, Cause::Status(0)), Verdict::RestartAt(100 * MS));
    }

    #[test]
    fn pauses_double_until_it_is_given_up() {
        let mut server = supervision(Restart::OnCrash);
        let crash = Cause::Status(101);
        assert_eq!(server.died(0, crash), Verdict::RestartAt(100 * MS));
        assert_eq!(server.died(1000 * MS, crash), Verdict::RestartAt(1200 * MS));
        assert_eq!(server.died(2000 * MS, crash), Verdict::RestartAt(2400 * MS));
        assert_eq!(server.died(3000 * MS, crash), Verdict::GiveUp { deaths: 4 });
    }

    #[test]
    fn no_pause_is_longer_than_the_cap() {
        let mut server = Supervision::new(RestartPolicy {
            when: Restart::OnCrash,
            backoff_ms: 100,
            backoff_max_ms: 350,
            limit: 10,
            window_ms: 10_000,
        });
        let pauses = [100, 200, 350, 350, 350];
        for pause_ms in pauses {
            assert_eq!(server.died(0, Cause::Status(1)), Verdict::RestartAt(pause_ms * MS));
        }
    }

    #[test]
    fn old_deaths_are_forgotten() {
        let mut server = supervision(Restart::OnCrash);
        for time in 0..20 {
            let now = time * 5_000 * MS;
            assert!(matches!(server.died(now, Cause::Status(1)), Verdict::RestartAt(_)), "{time}");
        }
        assert_eq!(
            server.died(200_000 * MS, Cause::Status(1)),
            Verdict::RestartAt(200_100 * MS),
            "after a long good time the pause is short again"
        );
    }

    #[test]
    fn deaths_on_request_do_not_count() {
        let mut server = supervision(Restart::OnCrash);
        for time in 0..200 {
            assert_eq!(server.died(time, Cause::Requested), Verdict::RestartAt(time));
        }
        assert_eq!(server.died(200, Cause::Status(1)), Verdict::RestartAt(200 + 100 * MS));
    }

    #[test]
    fn a_person_forgives() {
        let mut server = supervision(Restart::OnCrash);
        for _ in 0..4 {
            server.died(0, Cause::Status(1));
        }
        server.forgive();
        assert_eq!(server.died(0, Cause::Status(1)), Verdict::RestartAt(100 * MS));
    }

    #[test]
    fn no_number_is_too_big() {
        let mut server = Supervision::new(RestartPolicy {
            when: Restart::Always,
            backoff_ms: 60_000,
            backoff_max_ms: u32::MAX,
            limit: 1000,
            window_ms: 1,
        });
        for _ in 0..100 {
            let verdict = server.died(u64::MAX, Cause::Status(1));
            assert_eq!(verdict, Verdict::RestartAt(u64::MAX));
        }
    }
}
