//! Watching a process's system calls: stops as messages, filter, trace points.
//!
//! A stop is a call of the traced thread to the tracer's endpoint. Its badge is the one
//! chosen with `ProcessTrace`, the thread's number in the upper half; its label is
//! [`TRACE_LABEL`] plus the [`TraceStage`]. Words:
//!
//! | stage | words |
//! |---|---|
//! | Enter, Dispatch | number, arguments 0 to 5 |
//! | Exit, Step | number, status, value 0, value 1, message words 0 to 2 |
//!
//! The answer's label is a [`TraceReply`]. A tracer that dies is no longer asked.

use bitflags::bitflags;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The label of a stop, stage 0.
pub const TRACE_LABEL: u32 = 0xffff_ffe0;

/// Where a traced thread stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum TraceStage {
    /// It made a call that the kernel has not handled yet.
    Enter = 0,
    /// Its call has its result.
    Exit = 1,
    /// As `Exit`, in place of the trap of a single step over the call.
    Step = 2,
    /// It made a call that is the personality server's to answer.
    Dispatch = 3,
}

impl TraceStage {
    /// The label of this stop.
    pub const fn label(self) -> u32 {
        TRACE_LABEL + self as u32
    }

    /// The stage of a message with this label, if it is a stop.
    pub fn from_label(label: u32) -> Option<Self> {
        [Self::Enter, Self::Exit, Self::Step, Self::Dispatch]
            .into_iter()
            .find(|stage| stage.label() == label)
    }
}

/// The label of the answer to a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum TraceReply {
    /// Go on as if not traced. To a `Dispatch`: the words are status, value 0,
    /// value 1 and message words 0 to 3 of the result.
    Resume = 0,
    /// At `Enter`: the words are a number and arguments to use instead. At `Exit` and
    /// `Step`: words 1 to 3 are the status and values to use instead.
    Rewrite = 1,
    /// At `Enter`: the call is not made; words 0 to 2 are its status and values.
    Skip = 2,
}

bitflags! {
    /// What is watched: a set of bits.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct TraceFlags: u64 {
        /// Stop before each call.
        const ENTER = 1;
        /// Stop after each call.
        const EXIT = 1 << 1;
        /// The thread is single-stepped: report calls as `Step`.
        const STEP = 1 << 2;
        /// Record calls in the kernel's trace ring.
        const POINT = 1 << 3;
        /// Write calls to the system log.
        const AUDIT = 1 << 4;
    }
}

/// A record of the kernel's trace ring.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C)]
pub struct TraceRecord {
    /// Time since boot.
    pub time_ns: u64,
    /// Process id.
    pub pid: u32,
    /// Thread number.
    pub thread: u32,
    /// The call.
    pub number: u64,
    /// A [`TraceStage`]: `Enter` or `Exit`.
    pub stage: u64,
    /// At `Exit` the status.
    pub status: u64,
}

/// Addresses and conditions that a thread's debug registers watch for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C)]
pub struct DebugRegisters {
    /// User addresses.
    pub address: [u64; 4],
    /// Bits 0, 2, 4, 6: in use. From bit 16 four bits each: condition (0 execute, 1 write,
    /// 3 read or write) and length (0, 1, 3, 2 for 1, 2, 4, 8 bytes).
    pub control: u64,
}
