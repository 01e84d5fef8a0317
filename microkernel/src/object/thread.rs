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

use super::{
    CallToken, EndpointId, Links, MemoryId, NotificationId, ProcessId, RegionId, SchedContextId,
    ThreadId,
};
use crate::arena::Arena;
use crate::exit::Work;
use crate::fault::Fault;
use crate::machine::{CpuId, OwnedFrame, Phys};
use crate::mem::Claim;
use abi::{
    DebugRegisters, Envelope, FaultKind, Protection, RECEIVES_ONLY, SENDS_BYTES, Syscall,
    TraceStage, UPCALL_REDZONE, WORDS,
};
use core::hash::{Hash, Hasher};

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

/// What the value in the envelope's register says, before anything is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// There is no envelope.
    Nothing,
    /// One that only receives, at this address.
    Receives(u64),
    /// One that sends bytes alone, and receives.
    SendsBytes(u64),
    /// One that must be read to know.
    Anything(u64),
}

impl Beside {
    /// What this value says.
    #[inline(always)]
    pub fn of(register: u64) -> Self {
        match register {
            0 => Self::Nothing,
            _ if register % 8 == RECEIVES_ONLY => Self::Receives(register - RECEIVES_ONLY),
            _ if register % 8 == SENDS_BYTES => Self::SendsBytes(register - SENDS_BYTES),
            _ => Self::Anything(register),
        }
    }

    /// Whether words are all that is sent.
    #[inline(always)]
    pub fn sends_nothing(self) -> bool {
        matches!(self, Self::Nothing | Self::Receives(_))
    }

    /// The envelope that receives, when nothing is left to be sent.
    #[inline(always)]
    pub fn room(self) -> Option<u64> {
        match self {
            Self::Nothing | Self::Anything(_) => None,
            Self::Receives(address) | Self::SendsBytes(address) => Some(address),
        }
    }
}

/// What a thread has beside the words of its message.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub enum Enclosure {
    /// Nothing: neither bytes nor handles can go or come.
    #[default]
    Nothing,
    /// An envelope that sends nothing, at this address, to be read when something comes.
    Unread(u64),
    /// An envelope: where it lies (0: the kernel made it) and what it says.
    Read(u64, Envelope),
}

impl Enclosure {
    /// An envelope that only receives, or none.
    #[inline(always)]
    pub fn that_receives(envelope: Option<u64>) -> Self {
        envelope.map_or(Self::Nothing, Self::Unread)
    }

    /// Whether nothing can come of it but words.
    #[inline(always)]
    pub fn sends_nothing(&self) -> bool {
        !matches!(self, Self::Read(..))
    }

    /// What it says, as far as it was read.
    pub fn envelope(&self) -> Envelope {
        match self {
            Self::Read(_, envelope) => *envelope,
            Self::Nothing | Self::Unread(_) => Envelope::EMPTY,
        }
    }
}

/// The other end of a run of threads of one share.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunEnd(pub Option<ThreadId>);

/// It follows from the list, and may be anything between the ends.
impl Hash for RunEnd {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A message that waits for its receiver.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Pending {
    /// Badge of the handle it was sent with.
    pub badge: u64,
    /// Its label.
    pub label: u32,
    /// The sender waits for a reply.
    pub call: bool,
}

/// A fault that its handler is to be told.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Raised {
    /// What happened.
    pub fault: Fault,
    /// Text about it in the thread's memory: address and length.
    pub text: Option<(u64, u64)>,
}

/// Why a thread waits for somebody's answer without having called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It faulted.
    Fault(FaultKind),
    /// Its system calls are watched.
    Trace(TraceStage),
}

/// A fault or stop that waits for its answer.
#[derive(Clone, Copy, Debug, Hash)]
pub struct FaultRecord {
    /// What for.
    pub reason: Reason,
    /// The words of the message.
    pub words: [u64; WORDS],
}

/// Where a thread is diverted to.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Upcall {
    /// Whose bits divert it.
    pub notification: NotificationId,
    /// The handler.
    pub entry: u64,
    /// The top of an alternate stack for the handler; 0: there is none.
    pub stack_top: u64,
    /// Its size: a thread that is on it already stays where it is. 0: none ever is.
    pub stack_bytes: u64,
    /// The bits whose handler runs there.
    pub stack_bits: u64,
    /// Bits that stay pending.
    pub mask: u64,
}

impl Upcall {
    /// Where the handler's stack ends for these bits, in a thread with this stack pointer.
    pub(crate) fn stack_for(&self, bits: u64, pointer: u64) -> u64 {
        let below_top = self.stack_top.wrapping_sub(pointer);
        if self.stack_top == 0 || bits & self.stack_bits == 0 || below_top < self.stack_bytes {
            pointer.wrapping_sub(UPCALL_REDZONE)
        } else {
            self.stack_top
        }
    }
}

/// The vector state of a thread that has used vector registers.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct VectorState {
    /// Where it is kept while it is not live.
    pub frame: OwnedFrame,
    /// The CPU that loaded it last.
    pub cpu: Option<CpuId>,
}

/// What is done to each thread of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ToThread {
    /// It is put where the scheduler finds it, if it may run: the process was resumed.
    Enqueue,
    /// Its calls are watched as the process's are.
    Watch,
}

/// A long operation of a thread, done in pieces by the exit loop.
#[derive(Clone, Copy, Debug, Hash)]
pub enum Operation {
    /// Takes the blocks of new memory and fills them with zeros, then gives the handle.
    Zero {
        /// The new object.
        memory: MemoryId,
        /// Pages done, from the last one on.
        done: u64,
    },
    /// Gives the blocks of a memory object back that nothing else names any more.
    Release {
        /// The object; the operation names it.
        memory: MemoryId,
        /// The status at the end.
        status: u64,
    },
    /// Looks at the regions of a range before it is unmapped or protected.
    Claim {
        /// The range.
        claim: Claim,
        /// From which address on.
        next: u64,
    },
    /// Maps a region's pages.
    Map {
        /// Whose space.
        process: ProcessId,
        /// The region, marked busy.
        region: RegionId,
        /// Pages done.
        done: u64,
    },
    /// Unmaps what lies in a range.
    Unmap {
        /// Whose space.
        process: ProcessId,
        /// The next address.
        at: u64,
        /// The first address after the range.
        end: u64,
        /// The status at the end: 0, or why a `Map` is being taken back.
        status: u64,
    },
    /// Changes the protection in a range.
    Protect {
        /// Whose space.
        process: ProcessId,
        /// The next address.
        at: u64,
        /// The first address after the range.
        end: u64,
        /// The new protection.
        protection: Protection,
    },
    /// Does something to each thread of a process.
    EachThread {
        /// The process.
        process: ProcessId,
        /// What.
        act: ToThread,
        /// The next place in the arena of threads.
        next: usize,
    },
    /// Counts through the threads of a process, then gives a handle.
    FindThread {
        /// The process.
        process: ProcessId,
        /// The thread that was reached.
        at: ThreadId,
        /// How many are to be passed.
        left: u64,
    },
    /// Offers the thread's message to receivers.
    Offer {
        /// Where.
        endpoint: EndpointId,
    },
    /// Looks for a message to receive.
    Receive {
        /// Where.
        endpoint: EndpointId,
    },
    /// Puts a blank page in place of each page of a loan. The operation names the loan.
    Revoke {
        /// The loan, whose lender's handle is closed.
        loan: MemoryId,
        /// The next address in the space where it is mapped.
        at: u64,
    },
}

/// A thread. The frame comes first: the entry stubs fill it.
#[derive(Debug, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct Thread<F> {
    /// Saved user registers.
    pub frame: F,
    /// Its process.
    pub process: ProcessId,
    /// The root of its process's translation.
    pub root: Phys,
    /// The process whose share of the CPU it uses, among those of its priority: its own, or
    /// that of the caller whose time it uses.
    pub share: ProcessId,
    /// The thread whose message it took last, and works for until it asks for the next.
    pub serving: Option<ThreadId>,
    /// What it is doing.
    pub state: State,
    /// How urgent it is: by itself or the context that it is bound to, or as the caller whose
    /// time it uses.
    pub priority: u8,
    /// How urgent it is by itself.
    pub base: u8,
    /// The context that it is bound to.
    pub own: Option<SchedContextId>,
    /// The context that it runs on; none: it runs in the turns of its share.
    pub context: Option<SchedContextId>,
    /// The end of that context's period: the one whose period ends first runs first.
    pub due: u64,
    /// That context's budget is spent.
    pub spent: bool,
    /// It serves each caller on the caller's time.
    pub passive: bool,
    /// The caller whose time it uses now.
    pub donor: Option<ThreadId>,
    /// The passive thread that uses its time now.
    pub lent_to: Option<ThreadId>,
    /// How many donors stand above it.
    pub depth: u8,
    /// Contexts or lent time have to do with it: messages take the general way.
    pub timed: bool,
    /// Suspended by itself or its manager.
    pub suspended: bool,
    /// Whether it is in a run queue.
    pub queued: bool,
    /// Where it runs.
    pub cpu: CpuId,
    /// CPUs that it may run on, one bit each.
    pub affinity: u64,
    /// Numbers below this are plain calls; 0 while somebody watches them.
    pub calls_end: u64,
    /// The number of the watched call it is in.
    pub call: u64,
    /// It is in a system call (kept by the checks).
    pub in_call: bool,
    /// That call was answered by somebody else, or refused.
    pub emulated: bool,
    /// It may not read the CPU's time-stamp counter.
    pub no_clock: bool,
    /// What its debug registers watch for.
    pub debug: Option<DebugRegisters>,
    /// Its vector registers, once it has used them.
    pub vector: Option<VectorState>,
    /// Work for its next way out.
    pub work: ThreadWork,
    /// Neighbours in the one list it is in.
    pub links: Links,
    /// The other end of its run in a run queue, when it is one end.
    pub run_end: RunEnd,
    /// Neighbours among its process's threads.
    pub siblings: Links,
    /// The message it waits to send.
    pub pending: Option<Pending>,
    /// What it has beside the words of its message.
    pub enclosure: Enclosure,
    /// The name of its last call: counts them.
    pub token: CallToken,
    /// What it did wrong and its handler was not told yet.
    pub raised: Option<Raised>,
    /// The fault it waits for an answer to.
    pub fault: Option<FaultRecord>,
    /// The notification for which its `Recv` also returns.
    pub bound: Option<NotificationId>,
    /// Where signals divert it.
    pub upcall: Option<Upcall>,
    /// Its long operation.
    pub operation: Option<Operation>,
    /// Handles that name it.
    pub refs: u32,
    /// Killed; the object stays while handles name it.
    pub dead: bool,
    /// What is left of its time slice. This and what follows in [`crate::Machine::ticks`].
    pub slice: u64,
    /// Time that others spent for it, until its next turn: then its share owes it.
    pub debt: u64,
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
            share: process,
            serving: None,
            state: State::Inactive,
            priority,
            base: priority,
            own: None,
            context: None,
            due: 0,
            spent: false,
            passive: false,
            donor: None,
            lent_to: None,
            depth: 0,
            timed: false,
            suspended: false,
            queued: false,
            cpu,
            affinity: u64::MAX,
            calls_end: Syscall::END,
            call: 0,
            in_call: false,
            emulated: false,
            no_clock: false,
            debug: None,
            vector: None,
            work: ThreadWork(0),
            links: Links::default(),
            run_end: RunEnd::default(),
            siblings: Links::default(),
            pending: None,
            enclosure: Enclosure::Nothing,
            token: CallToken::default(),
            raised: None,
            fault: None,
            bound: None,
            upcall: None,
            operation: None,
            refs: 0,
            dead: false,
            slice: 0,
            debt: 0,
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
    /// Whether its context lets it run: there is some of the budget, or a fault of it has to
    /// be told first.
    #[inline(always)]
    pub(crate) fn has_time(&self) -> bool {
        !self.spent || self.raised.is_some()
    }

    /// Whether a call with this number is neither watched nor filtered, and no kill or signal came
    /// on the way into it.
    #[inline(always)]
    pub(crate) fn calls_plainly(&self, number: u64) -> bool {
        self.work.0 & Self::BEFORE_CALLS == 0 && number < self.calls_end
    }

    /// Work that another CPU gave the thread on its way into a call, and that the call must see.
    pub(crate) const BEFORE_CALLS: u32 = Work::Kill.flag() | Work::Upcall.flag();

    /// Takes time in user mode and in the kernel off its slice: whom it served meanwhile, and
    /// what that one owes for it. The caller books the time to its process.
    #[inline(always)]
    pub(crate) fn spend(&mut self, (user, kernel): (u64, u64)) -> Option<(ThreadId, u64)> {
        self.note_user_time(user);
        let spent = user.wrapping_add(kernel);
        self.slice = self.slice.saturating_sub(spent);
        let client = self.serving?;
        Some((client, spent.wrapping_add(core::mem::take(&mut self.debt))))
    }

    #[cfg(test)]
    pub(crate) fn note_user_time(&mut self, user: u64) {
        self.user = self.user.wrapping_add(user);
    }

    /// Nothing outside of tests.
    #[cfg(not(test))]
    #[inline(always)]
    pub(crate) fn note_user_time(&mut self, _: u64) {}

    /// A server of this share spent so much for it. Within one share nothing is owed, but
    /// passed on to whom it serves itself.
    #[inline(always)]
    pub(crate) fn owe(&mut self, server: ProcessId, spent: u64) {
        if self.share != server || self.serving.is_some() {
            self.debt = self.debt.wrapping_add(spent);
        }
    }

    /// Goes on with what is left of its slice, or with a new one.
    #[inline(always)]
    pub(crate) fn begin_slice(&mut self, full: u64) {
        if self.slice == 0 {
            self.slice = full;
        }
    }
}

/// All threads.
pub type Threads<F> = Arena<super::ThreadKind, Thread<F>>;
