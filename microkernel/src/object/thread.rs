//! Thread: a saved frame and a state, never a kernel stack.
//!
//! ```text
//!             resume            call/send           received (call)
//! Inactive ─────────▶ Ready ─────────────▶ Sending ────────────────▶ AwaitReply
//!                     ▲ ▲ ▲ ─ recv ──────▶ Receiving                     │
//!                     │ │ └── message ───────┘                           │
//!                     │ └──── reply, peer death, time-out ───────────────┘
//!                     └────── bits / deadline ── Waiting, Sleeping
//! ```
//! A thread is in exactly one list at a time: the run queue (Ready and not current), an
//! endpoint's senders or receivers, a notification's waiters, or a server's callers.

mod faults;
mod ipc;
mod operation;
mod sched;

pub use faults::{Fault, FaultRecord, FaultState, Raised, Reason, Upcall};
pub use ipc::{EnvelopeTag, IpcBuffer, IpcState, Pending};
pub use operation::{Claim, Operation, ToThread};
pub use sched::SchedState;

use super::{EndpointId, Links, NotificationId, ProcessId, ThreadId};
use crate::arena::Arena;
use crate::machine::{CpuId, OwnedFrame, Phys};
use crate::work::Work;
use abi::{DebugRegisters, Syscall, TraceStage};

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Created, not started.
    Inactive,
    /// Runs, or waits for a CPU.
    Ready,
    /// Waits for a receiver.
    Sending(EndpointId),
    /// Waits for a message.
    Receiving(EndpointId),
    /// Its call was received by this process.
    AwaitReply(ProcessId),
    /// Waits for bits.
    Waiting(NotificationId),
    /// Waits for its deadline.
    Sleeping,
    /// Taken out of what it was in, by whatever gives it its next state in the same entry.
    /// Until then no signal, deadline or death wakes it.
    Detached,
}

/// Work that waits for a thread's next way out: a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ThreadWork(pub u32);

/// The vector state of a thread that has used vector registers.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct VectorState {
    /// Where it is kept while it is not live.
    pub frame: OwnedFrame,
    /// The CPU that loaded it last.
    pub cpu: Option<CpuId>,
}

/// The system call that a thread is in, as far as checks and watchers look at it.
#[derive(Clone, Copy, Debug, Hash)]
pub struct CallState {
    /// Numbers below this are plain calls; 0 while the calls are watched.
    pub plain_end: u64,
    /// The number of the watched call.
    pub watched: u64,
    /// The thread is in a system call (kept by the checks).
    pub active: bool,
    /// The watched call was answered by its watcher, or refused.
    pub emulated: bool,
}

impl CallState {
    /// Not in a call; the calls are not watched.
    const NONE: Self = Self { plain_end: Syscall::END, watched: 0, active: false, emulated: false };
}

/// Registers that are not in the frame, with values that only a few threads change.
#[derive(Debug, Default, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct ExtraRegisters {
    /// The thread may not read the CPU's time-stamp counter.
    pub no_clock: bool,
    /// What the debug registers watch for.
    pub debug: Option<DebugRegisters>,
    /// The vector registers, once the thread has used them.
    pub vector: Option<VectorState>,
}

/// A thread. `F` is the handle to its saved registers, which lie in memory of their own: while the
/// thread runs, the entries of its CPU fill them, whatever is done to this here.
#[derive(Debug, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct Thread<F> {
    /// Its saved user registers.
    pub frame: F,
    /// Its process.
    pub process: ProcessId,
    /// The root of its process's translation.
    pub root: Phys,
    /// Its scheduling state.
    pub sched: SchedState,
    /// What it is doing.
    pub state: State,
    /// Suspended by itself or its manager.
    pub suspended: bool,
    /// The system call that it is in.
    pub calls: CallState,
    /// Registers that are not in the frame.
    pub registers: ExtraRegisters,
    /// Work for its next exit.
    pub work: ThreadWork,
    /// Neighbours in the one list it is in.
    pub links: Links,
    /// Neighbours among its process's threads.
    pub siblings: Links,
    /// Its messages.
    pub ipc: IpcState,
    /// Its faults.
    pub faults: FaultState,
    /// Where signals divert it.
    pub upcall: Option<Upcall>,
    /// Its long operation.
    pub operation: Option<Operation>,
    /// Handles that name it.
    pub refs: u32,
    /// Killed; the object stays while handles name it.
    pub dead: bool,
    /// Time in user mode, for tests; the kernel adds it up for each process.
    #[cfg(test)]
    pub(crate) user: u64,
}

impl<F> Thread<F> {
    /// A thread that was not started yet.
    pub fn new(frame: F, process: ProcessId, root: Phys, priority: u8, cpu: CpuId) -> Self {
        Self {
            frame,
            process,
            root,
            sched: SchedState::new(process, priority, cpu),
            state: State::Inactive,
            suspended: false,
            calls: CallState::NONE,
            registers: ExtraRegisters::default(),
            work: ThreadWork(0),
            links: Links::default(),
            siblings: Links::default(),
            ipc: IpcState::default(),
            faults: FaultState::default(),
            upcall: None,
            operation: None,
            refs: 0,
            dead: false,
            #[cfg(test)]
            user: 0,
        }
    }
}

impl<F: Default> Default for Thread<F> {
    fn default() -> Self {
        Self::new(F::default(), ProcessId::default(), Phys::default(), 0, CpuId(0))
    }
}

impl<F> Thread<F> {
    /// Whether its context lets it run: budget is left, or a fault must be delivered first.
    #[inline(always)]
    pub(crate) fn has_time(&self) -> bool {
        !self.sched.spent || self.faults.raised.is_some()
    }

    /// Whether a call with this number is neither watched nor filtered, and no kill or signal came
    /// on the way into it.
    #[inline(always)]
    pub(crate) fn calls_plainly(&self, number: u64) -> bool {
        self.work.0 & Self::BEFORE_CALLS == 0 && number < self.calls.plain_end
    }

    /// Work that another CPU gave the thread on its way into a call, and that the call must see.
    pub(crate) const BEFORE_CALLS: u32 = Work::Kill.flag() | Work::Upcall.flag();

    /// Whether a tracer is shown the thread's call, or was, and the call is not made yet.
    pub(crate) fn call_is_shown(&self) -> bool {
        let reason = self.faults.unanswered.as_ref().map(|fault| fault.reason);
        self.work.0 & Work::Call.flag() != 0 || reason == Some(Reason::Trace(TraceStage::Enter))
    }

    /// Takes time in user mode and in the kernel off the slice. Returns the client, and the time
    /// that the client owes for it. The caller books the time to the process.
    #[inline(always)]
    pub(crate) fn spend(&mut self, (user, kernel): (u64, u64)) -> Option<(ThreadId, u64)> {
        self.note_user_time(user);
        self.sched.spend(user.wrapping_add(kernel))
    }

    #[cfg(test)]
    pub(crate) fn note_user_time(&mut self, user: u64) {
        self.user = self.user.wrapping_add(user);
    }

    /// Nothing outside of tests.
    #[cfg(not(test))]
    #[inline(always)]
    pub(crate) fn note_user_time(&mut self, _: u64) {}
}

/// All threads.
pub type Threads<F> = Arena<super::ThreadKind, Thread<F>>;
