//! Time accounting: what a CPU was doing, and which thread pays for it.
//!
//! Each change of context books the time since the last one to the CPU. When another thread
//! becomes current, what was booked is settled with the thread before it.

use super::Cpu;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};

/// What a CPU is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// It runs a user program.
    User,
    /// It runs the kernel.
    Kernel,
    /// It is halted until an interrupt comes.
    Idle,
}

/// Where the time of a CPU went. Units: [`Machine::ticks`].
///
/// Sums and differences of ticks wrap: a counter that goes back (a virtual machine that was moved)
/// makes times wrong, and must not stop the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// When time was last booked.
    pub since: u64,
    /// Time in user mode.
    pub user: u64,
    /// Time in the kernel.
    pub kernel: u64,
    /// Time it was idle.
    pub idle: u64,
    /// Of the time in user mode, what is settled with a thread.
    user_settled: u64,
    /// Of the time in the kernel.
    kernel_settled: u64,
}

impl Clock {
    /// All times as if nothing had been booked yet.
    #[cfg(any(test, feature = "hosted"))]
    pub(crate) fn forget_times(&mut self) {
        *self = Self { since: self.since, ..Self::default() };
    }

    /// The time since the last booking went there.
    #[inline(always)]
    fn book(&mut self, now: u64, doing: Context) {
        let spent = now.wrapping_sub(core::mem::replace(&mut self.since, now));
        let sum = match doing {
            Context::User => &mut self.user,
            Context::Kernel => &mut self.kernel,
            Context::Idle => &mut self.idle,
        };
        *sum = sum.wrapping_add(spent);
    }

    /// How much was booked since the last settling.
    pub(crate) fn unsettled(&self) -> u64 {
        let user = self.user.wrapping_sub(self.user_settled);
        user.wrapping_add(self.kernel.wrapping_sub(self.kernel_settled))
    }

    /// This part of the time that is not booked yet is charged to the CPU and to no thread.
    fn skip(&mut self, waited: u64) {
        self.since = self.since.wrapping_add(waited);
        self.kernel = self.kernel.wrapping_add(waited);
        self.kernel_settled = self.kernel_settled.wrapping_add(waited);
    }

    /// What was booked since the last settling: in user mode, in the kernel.
    #[inline(always)]
    pub(crate) fn take_unsettled(&mut self) -> (u64, u64) {
        let user = self.user.wrapping_sub(core::mem::replace(&mut self.user_settled, self.user));
        let kernel =
            self.kernel.wrapping_sub(core::mem::replace(&mut self.kernel_settled, self.kernel));
        (user, kernel)
    }
}

impl Cpu {
    /// The one transition: asserts where the CPU comes from, and books the time since.
    #[inline(always)]
    pub(crate) fn change(&mut self, now: u64, from: Context, to: Context) {
        let found = core::mem::replace(&mut self.context, to);
        if found != from {
            panic_wrong_context(found, from, to);
        }
        self.clock.book(now, from);
    }
}

impl<M: Machine> Kernel<M> {
    /// Books the time since the last booking to what the CPU was doing.
    pub(crate) fn book(&mut self, cpu: CpuId, doing: Context) {
        let now = self.machine.ticks();
        self.cpu_mut(cpu).clock.book(now, doing);
    }

    /// Settles what was booked since the last settling: it was the current thread's time, and
    /// comes off its slice. To be called before another thread becomes current.
    #[inline(always)]
    pub(crate) fn settle(&mut self, cpu: CpuId) {
        let state = self.cpu_mut(cpu);
        let (user, kernel) = state.clock.take_unsettled();
        let Some(id) = state.current else { return };
        let thread = &mut self.objects.threads[id];
        self.objects.processes[thread.process].sched.book((user, kernel));
        if let Some(context) = thread.sched.context {
            self.settle_on_context(cpu, id, context, (user, kernel));
        } else if let Some((client, owed)) = thread.spend((user, kernel)) {
            self.owe(id, client, owed);
        }
    }

    /// Books the time in the kernel until now; it does not come off the thread's slice. How
    /// much it was.
    pub(crate) fn book_without_slice(&mut self, cpu: CpuId) -> u64 {
        self.book(cpu, Context::Kernel);
        let state = self.cpu_mut(cpu);
        let (user, kernel) = state.clock.take_unsettled();
        if let Some(id) = state.current {
            self.objects.processes[self.objects.threads[id].process].sched.book((0, kernel));
        }
        user.wrapping_add(kernel)
    }

    /// Books the time until now and settles it.
    pub(crate) fn account(&mut self, cpu: CpuId, doing: Context) {
        self.book(cpu, doing);
        self.settle(cpu);
    }

    /// This CPU waited this time for the kernel. It is charged to no thread, since the CPU that
    /// held the kernel decides how long it is.
    pub fn waited(&mut self, cpu: CpuId, ticks: u64) {
        self.cpu_mut(cpu).clock.skip(ticks);
    }
}

/// Out of line, so that the way in stays short.
#[cold]
fn panic_wrong_context(found: Context, from: Context, to: Context) -> ! {
    panic!("context is {found:?}, expected {from:?} on the way to {to:?}");
}
