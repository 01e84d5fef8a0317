//! Debug checks: what must hold on each entry and exit, verified while the kernel runs.
//!
//! On with the feature `checks`, as in all tests; off there is no instruction and no data
//! of them in the kernel. What a check finds is counted, written to the system log with
//! its place, and repaired where it can be, so that one mistake is one report.

use crate::holds::LongestHold;
pub use crate::holds::ON;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::ThreadId;

/// Where a check looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// First thing after an entry.
    Enter,
    /// After the system call with this number.
    Call(u64),
    /// At the begin of a pass of the exit loop.
    Turn,
    /// Last thing before user mode.
    Leave,
}

impl<M: Machine> Kernel<M> {
    /// Checks that interrupts are off, as everywhere in the core; if not, reports it and turns
    /// them off.
    #[inline]
    pub(crate) fn check_interrupts(&mut self, place: Place) {
        if ON && !self.machine.interrupts_off() {
            self.machine.turn_interrupts_off();
            self.report(format_args!("interrupts were on: {place:?}"));
        }
    }

    /// The thread is in one system call at a time.
    #[inline]
    pub(crate) fn check_call_begins(&mut self, me: ThreadId) {
        if ON && core::mem::replace(&mut self.objects.threads[me].calls.active, true) {
            self.report(format_args!("a system call within another: {me:?}"));
        }
    }

    /// The call is over, or waits.
    #[inline]
    pub(crate) fn check_call_ends(&mut self, me: ThreadId, number: u64) {
        if ON {
            self.checks.holds.note_call(number);
            // A thread may have ended itself.
            if let Some(thread) = self.objects.threads.get_mut(me) {
                thread.calls.active = false;
            }
            self.check_interrupts(Place::Call(number));
        }
    }

    /// An entry, which is counted: none is open.
    #[inline]
    pub(crate) fn check_enters(&mut self, cpu: CpuId) {
        if ON {
            self.checks.entries += 1;
        }
        self.change_depth(cpu, 0, 1);
    }

    /// The way out: one entry is open.
    #[inline]
    pub(crate) fn check_leaves(&mut self, cpu: CpuId) {
        self.change_depth(cpu, 1, 0);
    }

    #[inline]
    fn change_depth(&mut self, cpu: CpuId, from: u32, to: u32) {
        if ON {
            let found = core::mem::replace(&mut self.sched.cpu_mut(cpu).depth, to);
            if found != from {
                self.report(format_args!("entry depth of {cpu:?} is {found}, not {from}"));
            }
        }
    }

    /// The time when a pass begins, for [`Kernel::check_iteration_ends`].
    #[inline]
    pub(crate) fn iteration_begins(&self) -> u64 {
        if ON { self.machine.now_ns() } else { 0 }
    }

    /// Records the longest pass.
    #[inline]
    pub(crate) fn check_iteration_ends(&mut self, since_ns: u64) {
        if ON {
            let spent = self.machine.now_ns().saturating_sub(since_ns);
            let longest = &mut self.checks.longest_turn_ns;
            *longest = spent.max(*longest);
        }
    }

    /// Counts and logs a violation. The arch reports its own here too.
    #[cold]
    pub fn report(&mut self, what: core::fmt::Arguments<'_>) {
        self.checks.violations += 1;
        let mut text = Text::default();
        // A text that is too long is cut.
        let _cut = core::fmt::write(&mut text, format_args!("check failed: {what}\n"));
        self.log_record(abi::LogKind::Text, 0, text.bytes());
    }

    /// The CPU releases the kernel after this time.
    pub fn hold_ends(&mut self, ticks: u64) {
        self.checks.holds.end(ticks);
    }

    /// The longest hold so far. Nothing without the checks.
    pub fn longest_hold(&self) -> Option<LongestHold> {
        let hold = self.checks.holds.longest;
        ON.then(|| LongestHold { ns: self.machine.ns_of(hold.ticks), hold })
    }
}

/// A short text without a heap.
struct Text {
    bytes: [u8; 160],
    len: usize,
}

impl Default for Text {
    fn default() -> Self {
        Self { bytes: [0; 160], len: 0 }
    }
}

impl Text {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl core::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let room = &mut self.bytes[self.len..];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.len += taken;
        if taken == text.len() { Ok(()) } else { Err(core::fmt::Error) }
    }
}
