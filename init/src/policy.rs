//! Restart policy: decides what follows a server's death, with the time as an argument.
//!
//! A requested death (`kill`, `crash`, `restart`) is no sign of a fault: the server starts again
//! at once, and the death does not count. A driver without a device is given up. Other deaths count
//! within the window: after the first one the server starts again at once, and from the second one
//! on two starts are at least a backoff apart, which doubles with each death up to `backoff_max`. So
//! a server that has lived for longer than its backoff starts again at once, too. After more than
//! `limit` deaths init gives the server up.

use alloc::vec::Vec;
use manifest::{Restart, RestartPolicy};

const NS_PER_MS: u64 = 1_000_000;
/// How drivers end that cannot have their device.
const NO_DEVICE: [u64; 2] = [abi::EXIT_NO_DEVICE, abi::EXIT_DEVICE_OWNED];

/// What the death that is coming was requested for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// An end: the policy says whether the server starts again.
    End,
    /// A new start, whatever the policy says.
    Restart,
}

/// What follows a death.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The server starts again at this time.
    RestartAt(u64),
    /// It stays ended.
    Stop,
    /// It died too often: it stays ended, and this is a fault.
    GiveUp {
        /// The deaths within the window.
        deaths: u32,
    },
    /// It is a driver without a device: it stays ended, and this is no fault of its own.
    NoDevice,
}

/// The supervision of one server: its policy and its deaths.
#[derive(Clone, Debug)]
pub struct Supervision {
    policy: RestartPolicy,
    is_driver: bool,
    /// Times of the deaths that count.
    deaths: Vec<u64>,
    restarts: u32,
    request: Option<Request>,
}

impl Supervision {
    /// Of a server that has not died yet.
    pub fn new(policy: RestartPolicy, is_driver: bool) -> Self {
        Self { policy, is_driver, deaths: Vec::new(), restarts: 0, request: None }
    }

    /// The number of restarts.
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// Counts a restart.
    pub fn count_restart(&mut self) {
        self.restarts = self.restarts.saturating_add(1);
    }

    /// Forgets the deaths that count: a user has started the server again.
    pub fn forgive(&mut self) {
        self.deaths.clear();
    }

    /// Notes that the next death was requested. A request for a restart stays one.
    pub fn request(&mut self, request: Request) {
        if self.request != Some(Request::Restart) {
            self.request = Some(request);
        }
    }

    /// Returns whether the server is about to end for a restart.
    pub fn restart_is_requested(&self) -> bool {
        self.request == Some(Request::Restart)
    }

    /// Decides what follows a death with this status, which answers the request for it, of a
    /// server that had started at `since_ns`.
    pub fn decide(&mut self, now_ns: u64, since_ns: u64, status: u64) -> Decision {
        match (self.request.take(), self.policy.when) {
            (Some(Request::Restart), _) => Decision::RestartAt(now_ns),
            (None, _) if self.is_driver && NO_DEVICE.contains(&status) => Decision::NoDevice,
            (_, Restart::Never) => Decision::Stop,
            (Some(Request::End), _) => Decision::RestartAt(now_ns),
            (None, Restart::OnCrash) if status == 0 => Decision::Stop,
            (None, _) => self.after_crash(now_ns, since_ns),
        }
    }

    fn after_crash(&mut self, now_ns: u64, since_ns: u64) -> Decision {
        let window_ns = u64::from(self.policy.window_ms) * NS_PER_MS;
        self.deaths.retain(|death| now_ns.saturating_sub(*death) < window_ns);
        self.deaths.push(now_ns);
        let deaths = u32::try_from(self.deaths.len()).unwrap_or(u32::MAX);
        if deaths > self.policy.limit {
            return Decision::GiveUp { deaths };
        }
        let earliest_ns = since_ns.saturating_add(self.backoff_ms(deaths) * NS_PER_MS);
        Decision::RestartAt(now_ns.max(earliest_ns))
    }

    /// Returns the least time from the last start to the next one.
    fn backoff_ms(&self, deaths: u32) -> u64 {
        let Some(doublings) = deaths.checked_sub(2) else { return 0 };
        let backoff = u64::from(self.policy.backoff_ms) << doublings.min(20);
        backoff.min(self.policy.backoff_max_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Request, Supervision};
    use manifest::{Restart, RestartPolicy};

    const MS: u64 = 1_000_000;

    fn supervision(when: Restart) -> Supervision {
        let policy = RestartPolicy {
            when,
            backoff_ms: 100,
            backoff_max_ms: 10_000,
            limit: 3,
            window_ms: 10_000,
        };
        Supervision::new(policy, false)
    }

    /// Decides about the death of a server that had just started.
    fn decide(server: &mut Supervision, now_ns: u64, status: u64) -> Decision {
        server.decide(now_ns, now_ns, status)
    }

    /// Decides about a death that was requested.
    fn requested(server: &mut Supervision, now_ns: u64, request: Request) -> Decision {
        server.request(request);
        decide(server, now_ns, 9)
    }

    #[test]
    fn never_means_never_but_for_a_restart() {
        let mut server = supervision(Restart::Never);
        for status in [0, 1] {
            assert_eq!(decide(&mut server, 0, status), Decision::Stop);
        }
        assert_eq!(requested(&mut server, 5, Request::End), Decision::Stop);
        assert_eq!(requested(&mut server, 5, Request::Restart), Decision::RestartAt(5));
    }

    #[test]
    fn a_request_is_for_one_death_and_a_restart_outlasts_an_end() {
        let mut server = supervision(Restart::OnCrash);
        assert_eq!(requested(&mut server, 5, Request::End), Decision::RestartAt(5));
        assert_eq!(decide(&mut server, 6, 0), Decision::Stop);
        server.request(Request::Restart);
        server.request(Request::End);
        assert!(server.restart_is_requested());
        assert_eq!(decide(&mut server, 7, 0), Decision::RestartAt(7));
        assert!(!server.restart_is_requested());
    }

    #[test]
    fn on_crash_leaves_a_good_end() {
        let mut server = supervision(Restart::OnCrash);
        assert_eq!(decide(&mut server, 0, 0), Decision::Stop);
        assert_eq!(decide(&mut server, 5, 1), Decision::RestartAt(5));
    }

    #[test]
    fn always_starts_again_after_a_good_end_too() {
        let mut server = supervision(Restart::Always);
        assert_eq!(decide(&mut server, 5, 0), Decision::RestartAt(5));
    }

    #[test]
    fn the_backoff_begins_with_the_second_death_and_doubles_until_the_server_is_given_up() {
        let mut server = supervision(Restart::OnCrash);
        assert_eq!(decide(&mut server, 5, 101), Decision::RestartAt(5), "at once");
        assert_eq!(decide(&mut server, 1000 * MS, 101), Decision::RestartAt(1100 * MS));
        assert_eq!(decide(&mut server, 2000 * MS, 101), Decision::RestartAt(2200 * MS));
        assert_eq!(decide(&mut server, 3000 * MS, 101), Decision::GiveUp { deaths: 4 });
    }

    #[test]
    fn the_backoff_is_counted_from_the_last_start() {
        let mut server = supervision(Restart::OnCrash);
        let _ = decide(&mut server, 0, 1);
        assert_eq!(server.decide(1060 * MS, 1000 * MS, 1), Decision::RestartAt(1100 * MS));
        assert_eq!(server.decide(1400 * MS, 1100 * MS, 1), Decision::RestartAt(1400 * MS));
    }

    #[test]
    fn no_backoff_is_longer_than_the_maximum() {
        let mut server = Supervision::new(
            RestartPolicy {
                when: Restart::OnCrash,
                backoff_ms: 100,
                backoff_max_ms: 350,
                limit: 10,
                window_ms: 10_000,
            },
            false,
        );
        let backoffs = [0, 100, 200, 350, 350];
        for backoff_ms in backoffs {
            assert_eq!(decide(&mut server, 0, 1), Decision::RestartAt(backoff_ms * MS));
        }
    }

    #[test]
    fn old_deaths_are_forgotten() {
        let mut server = supervision(Restart::OnCrash);
        for time in 0..20 {
            let now = time * 5_000 * MS;
            assert!(matches!(decide(&mut server, now, 1), Decision::RestartAt(_)), "{time}");
        }
        assert_eq!(
            decide(&mut server, 200_000 * MS, 1),
            Decision::RestartAt(200_000 * MS),
            "after a long good time it starts at once again"
        );
    }

    #[test]
    fn deaths_on_request_do_not_count() {
        let mut server = supervision(Restart::OnCrash);
        for time in 0..200 {
            assert_eq!(requested(&mut server, time, Request::End), Decision::RestartAt(time));
        }
        assert_eq!(decide(&mut server, 200, 1), Decision::RestartAt(200));
    }

    #[test]
    fn a_restart_by_the_user_forgives() {
        let mut server = supervision(Restart::OnCrash);
        for _ in 0..4 {
            let _ = decide(&mut server, 0, 1);
        }
        server.forgive();
        assert_eq!(decide(&mut server, 0, 1), Decision::RestartAt(0));
    }

    #[test]
    fn a_driver_without_a_device_is_given_up() {
        let policy = supervision(Restart::Always).policy;
        for status in [abi::EXIT_NO_DEVICE, abi::EXIT_DEVICE_OWNED] {
            let mut driver = Supervision::new(policy, true);
            assert_eq!(decide(&mut driver, 0, status), Decision::NoDevice);
            assert_eq!(requested(&mut driver, 0, Request::Restart), Decision::RestartAt(0));
            let mut other = Supervision::new(policy, false);
            assert!(
                matches!(decide(&mut other, 0, status), Decision::RestartAt(_)),
                "a status like others"
            );
        }
    }

    #[test]
    fn large_numbers_saturate() {
        let mut server = Supervision::new(
            RestartPolicy {
                when: Restart::Always,
                backoff_ms: 60_000,
                backoff_max_ms: u32::MAX,
                limit: 1000,
                window_ms: 1,
            },
            false,
        );
        for _ in 0..100 {
            let decision = decide(&mut server, u64::MAX, 1);
            assert_eq!(decision, Decision::RestartAt(u64::MAX));
        }
    }
}
