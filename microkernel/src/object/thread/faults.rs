//! Faults of a thread, and upcalls that divert it.

use super::super::NotificationId;
use abi::{FaultKind, TraceStage, UPCALL_REDZONE, WORDS};

/// A fault as the arch decoded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// More about it; see `FaultKind`.
    pub code: u64,
    /// The address it is about, if any.
    pub address: u64,
}

/// A fault that was not delivered to its handler yet.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Raised {
    /// What happened.
    pub fault: Fault,
    /// Text about it in the thread's memory: address and length.
    pub text: Option<(u64, u64)>,
}

/// Why a thread waits for an answer without having called.
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

/// The faults of a thread.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct FaultState {
    /// A fault that was not delivered to its handler yet.
    pub raised: Option<Raised>,
    /// A delivered fault or stop that has no answer yet.
    pub unanswered: Option<FaultRecord>,
}
