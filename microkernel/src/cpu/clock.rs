//! The clock of a CPU: what it was doing, in ticks.

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

/// Where the time of a CPU went. Units: [`crate::Machine::ticks`].
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
    pub(crate) fn book(&mut self, now: u64, doing: Context) {
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
    pub(crate) fn skip(&mut self, waited: u64) {
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
