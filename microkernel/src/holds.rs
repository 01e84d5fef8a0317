//! The state of the debug checks: counts, and the hold times of the kernel lock.
//!
//! A hold begins when a CPU acquires the lock and ends when it releases it: it bounds the wait
//! of other CPUs and the latency of interrupts of this CPU. Tests print the longest hold of a run,
//! and judge it where time is counted in instructions.

use crate::work::NAMES;
use abi::Syscall;
use core::fmt;

/// Whether the checks are there.
pub const ON: bool = cfg!(any(feature = "checks", test));

/// The state of the checks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checks {
    /// The number of violations.
    pub(crate) violations: u64,
    /// Entries from user mode and from halts.
    pub(crate) entries: u64,
    /// The longest pass of the exit loop: it bounds the interrupt latency.
    pub(crate) longest_turn_ns: u64,
    /// Lock hold times.
    pub(crate) holds: Holds,
}

/// What was done in one hold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hold {
    /// Its length, in [`crate::Machine::ticks`].
    pub(crate) ticks: u64,
    /// The number of its system call.
    call: Option<u64>,
    /// The entries of the work table that ran, one bit each.
    rows: u32,
}

/// What the checks keep of all holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holds {
    now: Hold,
    pub(crate) longest: Hold,
}

impl Holds {
    /// This hold serves a system call.
    #[inline]
    pub(crate) fn note_call(&mut self, number: u64) {
        if ON {
            self.now.call = Some(number);
        }
    }

    /// This hold ends after this time.
    pub(crate) fn end(&mut self, ticks: u64) {
        let hold = Hold { ticks, ..core::mem::take(&mut self.now) };
        if hold.ticks > self.longest.ticks {
            self.longest = hold;
        }
    }

    /// This hold runs an entry of the work table.
    #[inline]
    pub(crate) fn note_row(&mut self, index: usize) {
        if ON {
            self.now.rows |= 1 << index;
        }
    }

    /// The times are forgotten: they do not make two kernels behave differently.
    #[cfg(any(test, feature = "hosted"))]
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// The longest hold and its cause, for reports.
pub struct LongestHold {
    /// Its length, in nanoseconds.
    pub ns: u64,
    pub(crate) hold: Hold,
}

impl fmt::Display for LongestHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = |call: &&Syscall| Some(**call as u64) == self.hold.call;
        match (self.hold.call, Syscall::ALL.iter().find(call)) {
            (_, Some(call)) => write!(f, "{call:?}")?,
            (Some(number), None) => write!(f, "call {number}")?,
            (None, None) => f.write_str("no call")?,
        }
        let rows = NAMES.iter().enumerate().filter(|(row, _)| self.hold.rows >> row & 1 != 0);
        for (place, (_, name)) in rows.enumerate() {
            f.write_str(if place == 0 { " with the rows " } else { ", " })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}
