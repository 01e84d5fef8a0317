//! The kinds of exit work, as flags of CPUs and threads. The table of their handlers is in
//! [`exit`](crate::exit).

/// The kinds of work, in the order in which one pass does them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Work {
    /// Interrupts were recorded.
    Interrupts,
    /// More deadlines have passed than one turn can handle.
    Deadlines,
    /// The thread's process was killed.
    Kill,
    /// The thread was suspended.
    Stop,
    /// The tracer let the thread's system call through.
    Call,
    /// The thread's watched system call has its result.
    CallExit,
    /// The thread may not run on this CPU any more.
    Migrate,
    /// The thread has a long operation.
    Operation,
    /// A dead process is due for reaping.
    Reap,
    /// Servers have abandoned calls.
    LostCalls,
    /// The thread faulted, and its handler is not notified yet.
    Fault,
    /// Another thread may be picked.
    Reschedule,
    /// The thread's 32-bit call is over; its results go into its block.
    CompatResults,
    /// The thread's upcall notification may have bits for it.
    Upcall,
    /// Other CPUs have new work and need an IPI.
    WakeUps,
    /// The thread has, or the CPU holds, a register value that is not the usual one.
    UserValues,
    /// The thread's process may use ports by instructions, or the CPU permits some.
    Ports,
    /// The thread has debug registers, or the CPU holds another thread's.
    Debug,
    /// The registers of this CPU are unlocked for a thread's vector state.
    VectorSave,
    /// The thread's vector state is in memory.
    VectorLoad,
}

/// Not a kind of work: the CPU's timer depends on something that changed. It is a bit of the CPU's
/// work word all the same, so that the fast exit reads one word.
pub(crate) const TIMER_DIRTY: u32 = 1 << 31;

impl Work {
    /// Its bit in a work word.
    pub const fn flag(self) -> u32 {
        1 << self as u32
    }

    /// Its name, as traces and tables show it.
    pub const fn name(self) -> &'static str {
        NAMES[self as usize]
    }
}

/// The number of kinds of work.
pub const ITEMS: usize = Work::VectorLoad as usize + 1;

/// The names, in the order of the kinds.
pub(crate) const NAMES: [&str; ITEMS] = [
    "interrupts",
    "deadlines",
    "kill",
    "stop",
    "call",
    "call exit",
    "migrate",
    "operation",
    "reap",
    "lost calls",
    "fault",
    "reschedule",
    "compat results",
    "upcall",
    "wake-ups",
    "user values",
    "ports",
    "debug registers",
    "vector save",
    "vector load",
];
