//! Lock hold times of the kernel lock, and what each hold did: kept by the debug checks.
//!
//! A hold begins when a CPU acquires the lock and ends when it releases it: it bounds the wait
//! of other CPUs and the latency of interrupts of this CPU. Tests print the longest hold of a run,
//! and judge it where time is counted in instructions.

use crate::checks::ON;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::work::NAMES;
use abi::Syscall;
use core::fmt;

/// What was done in one hold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hold {
    /// Its length, in [`Machine::ticks`].
    ticks: u64,
    /// The number of its system call.
    call: Option<u64>,
    /// The entries of the work table that ran, one bit each.
    rows: u32,
}

/// What the checks keep of all holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holds {
    now: Hold,
    longest: Hold,
}

impl Holds {
    /// This hold serves a system call.
    #[inline]
    pub(crate) fn note_call(&mut self, number: u64) {
        if ON {
            self.now.call = Some(number);
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
    hold: Hold,
}

impl<M: Machine> Kernel<M> {
    /// The CPU releases the kernel after this time.
    pub fn hold_ends(&mut self, ticks: u64) {
        let holds = &mut self.checks.holds;
        let hold = Hold { ticks, ..core::mem::take(&mut holds.now) };
        if hold.ticks > holds.longest.ticks {
            holds.longest = hold;
        }
    }

    /// The longest hold so far. Nothing without the checks.
    pub fn longest_hold(&self) -> Option<LongestHold> {
        let hold = self.checks.holds.longest;
        ON.then(|| LongestHold { ns: self.machine.ns_of(hold.ticks), hold })
    }
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
