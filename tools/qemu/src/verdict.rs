//! The verdict on a run: passed, failed or unknown.
//!
//! Unknown counts as a failure: a triple fault, a time-out or a foreign status shows nothing.

use abi::exit_code;
use std::fmt;

/// The end of the QEMU process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// It was stopped at its limit.
    TimedOut,
}

impl From<std::process::ExitStatus> for Exit {
    fn from(status: std::process::ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Status(code),
            (None, signal) => Self::Signal(signal.unwrap_or(0)),
        }
    }
}

impl Exit {
    /// The end, with QEMU's output: a QEMU that catches a signal exits with status 0 and names the
    /// signal.
    pub fn of(status: std::process::ExitStatus, complaint: &str) -> Self {
        let named = |line: &str| {
            let (_, rest) = line.split_once("terminating on signal ")?;
            rest.split(' ').next()?.parse().ok()
        };
        match complaint.lines().find_map(named) {
            Some(signal) if status.success() => Self::Signal(signal),
            _ => Self::from(status),
        }
    }
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The guest reported success.
    Passed,
    /// The user shut the guest down with this status, 1 to 31.
    Shutdown(u8),
    /// The guest reported a failure.
    Failed {
        /// The exit status.
        status: u8,
        /// In words.
        why: String,
    },
    /// The guest reported nothing.
    Unknown {
        /// The exit status.
        status: u8,
        /// In words.
        why: String,
    },
}

impl Verdict {
    /// The status of a run that ended at its limit, as of `timeout(1)`.
    pub const TIMED_OUT: u8 = 124;
    /// The status of a run that ended for an unknown reason.
    pub const UNKNOWN: u8 = 125;

    /// Whether the guest reported success.
    pub fn passed(&self) -> bool {
        *self == Self::Passed
    }

    /// The status for a command that ran the guest.
    pub fn status(&self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Shutdown(status) => *status,
            Self::Failed { status, .. } | Self::Unknown { status, .. } => *status,
        }
    }

    /// The verdict on an end of QEMU. `triple_fault`: QEMU's log has one.
    pub fn of(exit: Exit, triple_fault: bool) -> Self {
        match exit {
            Exit::TimedOut => unknown(Self::TIMED_OUT, "it did not end in time and was stopped"),
            Exit::Signal(signal) => {
                unknown(Self::UNKNOWN, &format!("QEMU was killed by signal {signal}"))
            }
            Exit::Status(_) if triple_fault => {
                unknown(Self::UNKNOWN, "triple fault: the CPU gave up and the machine reset")
            }
            Exit::Status(0) => unknown(Self::UNKNOWN, "QEMU ended without a word of the guest"),
            Exit::Status(1) => unknown(Self::UNKNOWN, "QEMU refused to start or to go on"),
            Exit::Status(status) => Self::of_guest(status),
        }
    }

    /// isa-debug-exit exits with `value << 1 | 1`.
    fn of_guest(status: i32) -> Self {
        let value = u8::try_from(status / 2).ok().filter(|_| status % 2 == 1);
        match value {
            Some(exit_code::SUCCESS) => Self::Passed,
            Some(exit_code::PANIC) => failed(abi_panic(), "the kernel panicked"),
            Some(exit_code::TEST_FAILED) => failed(1, "a self-test failed"),
            Some(exit_code::INIT_DIED) => failed(1, "init ended"),
            Some(exit_code::BOOT_FAILED) => {
                failed(1, "the boot archive or the command line is not usable")
            }
            Some(exit_code::NO_PROMPT) => failed(1, "the system cannot reach its prompt"),
            Some(value @ FIRST_STATUS..=LAST_STATUS) => Self::Shutdown(value - exit_code::STATUS),
            _ => unknown(Self::UNKNOWN, &format!("QEMU left with the unknown status {status}")),
        }
    }
}

const FIRST_STATUS: u8 = exit_code::STATUS + 1;
const LAST_STATUS: u8 = exit_code::STATUS + 31;

/// The status of a panic, the same for the kernel as for a program.
fn abi_panic() -> u8 {
    u8::try_from(abi::EXIT_PANIC).unwrap_or(u8::MAX)
}

fn failed(status: u8, why: &str) -> Verdict {
    Verdict::Failed { status, why: why.to_owned() }
}

fn unknown(status: u8, why: &str) -> Verdict {
    Verdict::Unknown { status, why: why.to_owned() }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Shutdown(status) => write!(f, "failed: it was shut down with status {status}"),
            Self::Failed { why, .. } => write!(f, "failed: {why}"),
            Self::Unknown { why, .. } => write!(f, "ended in an unknown way: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Verdict};
    use abi::exit_code;

    fn guest(value: u8) -> Verdict {
        Verdict::of(Exit::Status(i32::from(value) << 1 | 1), false)
    }

    #[test]
    fn the_guest_decides_by_its_exit_code() {
        assert_eq!(guest(exit_code::SUCCESS), Verdict::Passed);
        assert_eq!(guest(exit_code::PANIC).status(), 101);
        assert_eq!(guest(exit_code::TEST_FAILED).to_string(), "failed: a self-test failed");
        assert!(matches!(guest(exit_code::INIT_DIED), Verdict::Failed { status: 1, .. }));
        assert!(matches!(guest(exit_code::NO_PROMPT), Verdict::Failed { status: 1, .. }));
        assert!(matches!(guest(exit_code::BOOT_FAILED), Verdict::Failed { status: 1, .. }));
    }

    #[test]
    fn a_shutdown_status_is_handed_on() {
        for status in 1..=31 {
            let verdict = guest(exit_code::STATUS + status);
            assert_eq!(verdict, Verdict::Shutdown(status));
            assert_eq!(verdict.status(), status);
        }
    }

    #[test]
    fn what_the_guest_never_gives_is_unknown() {
        for status in [0, 1, 2, 32, 35, 3, 255, 300, -1] {
            let verdict = Verdict::of(Exit::Status(status), false);
            assert!(matches!(verdict, Verdict::Unknown { .. }), "{status}: {verdict}");
            assert_ne!(verdict.status(), 0);
        }
    }

    #[test]
    fn a_signal_that_qemu_caught_is_a_signal() {
        let status = |raw| std::os::unix::process::ExitStatusExt::from_raw(raw);
        let said = "note\nqemu-system-x86_64: terminating on signal 15 from pid 7 (kill)\n";
        assert_eq!(Exit::of(status(0), said), Exit::Signal(15));
        assert_eq!(Exit::of(status(0), "note\n"), Exit::Status(0));
        assert_eq!(Exit::of(status(33 << 8), said), Exit::Status(33), "the guest was faster");
        assert_eq!(Exit::of(status(9), ""), Exit::Signal(9));
    }

    #[test]
    fn time_outs_signals_and_triple_faults_are_unknown() {
        assert_eq!(Verdict::of(Exit::TimedOut, false).status(), Verdict::TIMED_OUT);
        assert_eq!(Verdict::of(Exit::Signal(9), false).status(), Verdict::UNKNOWN);
        assert!(Verdict::of(Exit::Status(0), true).to_string().contains("triple fault"));
    }
}
