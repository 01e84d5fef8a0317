//! How a program ended.

use crate::Signal;
use core::fmt;

/// How a program ended.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// By itself, with this status.
    Exited(u64),
    /// By the signal with this number.
    Killed(u8),
    /// By a fault that became the signal with this number.
    Faulted {
        /// The signal's number.
        signal: u8,
        /// The address that it could not use; 0 where there is none.
        address: u64,
        /// The instruction.
        instruction: u64,
    },
    /// It panicked.
    Panicked,
}

impl ExitStatus {
    /// One number, as shells have it: the status itself, or 128 and the signal.
    pub fn code(self) -> u64 {
        match self {
            Self::Exited(status) => status,
            Self::Killed(signal) | Self::Faulted { signal, .. } => 128 + u64::from(signal),
            Self::Panicked => 101,
        }
    }

    /// Whether all went well.
    pub fn is_success(self) -> bool {
        self.code() == 0
    }
}

struct SignalName(u8);

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Signal::from_number(self.0) {
            Some(signal) => signal.fmt(f),
            None => write!(f, "signal {}", self.0),
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Exited(status) => write!(f, "exited with status {status}"),
            Self::Killed(signal) => write!(f, "killed by {}", SignalName(signal)),
            Self::Faulted { signal, address, instruction } => {
                write!(f, "{} at {instruction:#x}, address {address:#x}", SignalName(signal))
            }
            Self::Panicked => f.write_str("panicked"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExitStatus;
    use alloc::string::ToString;

    #[test]
    fn texts_and_codes() {
        let fault = ExitStatus::Faulted { signal: 11, address: 8, instruction: 0x400_010 };
        assert_eq!(fault.to_string(), "SIGSEGV at 0x400010, address 0x8");
        assert_eq!(fault.code(), 139);
        assert_eq!(ExitStatus::Killed(9).to_string(), "killed by SIGKILL");
        assert_eq!(ExitStatus::Killed(9).code(), 137);
        assert!(ExitStatus::Exited(0).is_success());
        assert!(!ExitStatus::Panicked.is_success());
    }
}
