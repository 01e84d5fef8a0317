//! Limits for a machine on a host that may be busy.
//!
//! A limit is meant for a machine with a CPU of its own. On a busy host the machine gets a part of
//! one, and the limit counts the CPU time that it got. An idle machine waits for something that
//! does not come, and gets no more time.

use crate::Deadline;
use std::time::{Duration, Instant};

/// A machine is idle when it takes less than one part in `IDLE` of a CPU; one that shares
/// a CPU gets more.
const IDLE: u32 = 20;
/// No machine gets more than this multiple of the limit.
const MOST: u32 = 20;
/// The interval of the checks after the limit.
const PAUSE: Duration = Duration::from_millis(100);
/// The unit of `/proc/PID/stat` on Linux: USER_HZ is 100.
const TICK: Duration = Duration::from_millis(10);

/// A wait for a machine.
#[derive(Debug)]
pub struct Patience {
    limit: Duration,
    deadline: Deadline,
    started: Instant,
    /// The machine, and its CPU time at the start of the wait.
    machine: Option<(Process, Duration)>,
}

/// A process, and the number of CPUs that it emulates.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Its id on the host.
    pub id: u32,
    /// What its CPU time is divided by.
    pub cpus: u32,
}

impl Patience {
    /// A wait for this time, by the machine's clock if it is given, else by the host's.
    pub fn new(limit: Duration, machine: Option<Process>) -> Self {
        let machine = machine.and_then(|process| Some((process, cpu_time(process.id)?)));
        Self { limit, deadline: Deadline::after(limit), started: Instant::now(), machine }
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        self.deadline.is_over()
            && self.machine.is_none_or(|(process, before)| {
                // A process that has ended gets no more time.
                cpu_time(process.id).is_none_or(|now| {
                    let used = now.saturating_sub(before) / process.cpus.max(1);
                    enough(self.limit, self.started.elapsed(), used)
                })
            })
    }

    /// The time until the next check.
    pub fn left(&self) -> Duration {
        self.deadline.left().max(PAUSE)
    }
}

/// Whether a machine has had enough time, when this time has passed and it used this CPU time.
fn enough(limit: Duration, passed: Duration, used: Duration) -> bool {
    passed >= limit && used >= limit || used < passed / IDLE || passed >= limit.saturating_mul(MOST)
}

/// The CPU time of a process and all its threads.
fn cpu_time(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may have spaces; utime and stime are the 12th and 13th after it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u32>);
    let ticks = times.next()?.ok()?.saturating_add(times.next()?.ok()?);
    Some(TICK.saturating_mul(ticks))
}

#[cfg(test)]
mod tests {
    use super::{Patience, Process, cpu_time, enough};
    use std::time::Duration;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn a_machine_with_its_own_cpu_has_the_limit() {
        assert!(!enough(30 * S, 29 * S, 29 * S));
        assert!(enough(30 * S, 30 * S, 30 * S));
    }

    #[test]
    fn a_machine_that_shares_a_cpu_has_more_but_not_for_ever() {
        assert!(!enough(30 * S, 31 * S, 6 * S));
        assert!(!enough(30 * S, 140 * S, 28 * S));
        assert!(enough(30 * S, 150 * S, 30 * S));
        assert!(enough(30 * S, 600 * S, 29 * S));
    }

    #[test]
    fn an_idle_machine_is_not_waited_for_longer() {
        assert!(enough(30 * S, 30 * S, S));
    }

    #[test]
    fn the_time_of_a_process_is_known_and_no_time_is_enough_for_nothing() {
        let me = std::process::id();
        let before = cpu_time(me).unwrap();
        while cpu_time(me).unwrap() < before + S / 20 {
            std::hint::spin_loop();
        }
        assert!(cpu_time(u32::MAX).is_none());
        let machine = Some(Process { id: me, cpus: 1 });
        assert!(Patience::new(Duration::ZERO, machine).is_over());
        assert!(!Patience::new(3600 * S, machine).is_over());
        assert!(Patience::new(Duration::ZERO, None).is_over());
    }
}
