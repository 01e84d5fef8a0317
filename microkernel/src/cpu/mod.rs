//! The state of the CPUs: what each does and runs, and which threads wait for it.

mod clock;
mod queue;
mod scheduler;

pub use clock::{Clock, Context};
pub use queue::RunQueue;
pub(crate) use queue::goes_before;
pub(crate) use scheduler::{SHARED_ITERATIONS, SLICE_NS, Scheduler};

use crate::machine::PortSpans;
use crate::object::ThreadId;
use crate::work::{ITEMS, TIMER_DIRTY};
use abi::{DebugRegisters, TURN_BUCKETS};
use core::sync::atomic::{AtomicU32, Ordering};

/// The most CPUs: one bit each in a mask.
pub const CPUS: usize = 64;

/// One CPU.
#[derive(Debug)]
pub struct Cpu {
    /// What it is doing.
    pub context: Context,
    /// The thread that runs, or is about to.
    pub current: Option<ThreadId>,
    /// The threads that wait for it.
    pub queue: RunQueue,
    /// Its work flags, which other CPUs may set, and whether its timer has to be programmed.
    pub work: AtomicU32,
    /// Where its time went.
    pub clock: Clock,
    /// What the deadline timer is set to.
    pub timer_ns: Option<u64>,
    /// The end of the slice for which it is set, in [`crate::Machine::ticks`].
    pub slice_end: Option<u64>,
    /// CPUs that get an IPI before this one leaves, one bit each.
    pub ipis: u64,
    /// The iterations of this exit.
    pub exit_iterations: u32,
    /// Rows of shared work that are put off, one bit each.
    pub postponed: u32,
    /// When they go on.
    pub resume_ns: Option<u64>,
    /// How many entries it is in: 1 in the kernel, else 0 (kept by the checks).
    pub depth: u32,
    /// Whether it hides the time-stamp counter.
    pub no_clock: bool,
    /// The ports that it lets instructions use.
    pub ports: PortSpans,
    /// The debug registers that it holds.
    pub debug: Option<DebugRegisters>,
    /// The thread whose vector state is in its registers, locked or not.
    pub vector_owner: Option<ThreadId>,
    /// How often a thread became current.
    pub switches: u64,
    /// Interrupts that the gate took.
    pub interrupts: u64,
    /// Exits by their turns: 1, 2-3, 4-7, and so on; the others took none.
    pub turns: [u64; TURN_BUCKETS],
    /// How often each row of the work table ran here.
    pub work_counts: [u64; ITEMS],
}

impl Cpu {
    /// A CPU that starts in the kernel.
    pub(crate) fn new(_: usize) -> Self {
        Self {
            context: Context::Kernel,
            current: None,
            queue: RunQueue::new(),
            work: AtomicU32::new(TIMER_DIRTY),
            clock: Clock::default(),
            timer_ns: None,
            slice_end: None,
            ipis: 0,
            exit_iterations: 0,
            postponed: 0,
            resume_ns: None,
            depth: 1,
            no_clock: false,
            ports: Default::default(),
            debug: None,
            vector_owner: None,
            switches: 0,
            interrupts: 0,
            turns: [0; TURN_BUCKETS],
            work_counts: [0; ITEMS],
        }
    }
}

impl Cpu {
    /// Something changed that its timer depends on: it is computed before the CPU leaves.
    pub(crate) fn set_timer_dirty(&self) {
        self.work.fetch_or(TIMER_DIRTY, Ordering::Relaxed);
    }

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

/// Out of line, so that the way in stays short.
#[cold]
fn panic_wrong_context(found: Context, from: Context, to: Context) -> ! {
    panic!("context is {found:?}, expected {from:?} on the way to {to:?}");
}
