//! The watcher of a process's system calls. By default there is none.

use super::EndpointId;
use abi::{Syscall, TraceFlags};

/// An endpoint that is told, and the badge with which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listener {
    /// Where stops go.
    pub endpoint: EndpointId,
    /// The lower half of their badge; the upper half is the thread's number.
    pub badge: u32,
}

/// What happens around each system call of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Watch {
    /// Which stops and records.
    pub flags: TraceFlags,
    /// Who gets the stops.
    pub tracer: Option<Listener>,
    /// Who answers all calls in the kernel's place.
    pub dispatch: Option<Listener>,
    /// Calls that are allowed, one bit each.
    pub allowed: u128,
}

impl Watch {
    /// No watcher, no filter.
    pub const NONE: Self =
        Self { flags: TraceFlags::empty(), tracer: None, dispatch: None, allowed: u128::MAX };

    /// Whether calls take the long way.
    pub fn any(&self) -> bool {
        *self != Self::NONE
    }

    /// What a process of this one's making is under from the start: the same filter and the same
    /// records. Stops are between a tracer and the processes that it named.
    pub fn of_child(&self) -> Self {
        Self { flags: self.records(), allowed: self.allowed, ..Self::NONE }
    }

    /// The records that are written of its calls.
    pub fn records(&self) -> TraceFlags {
        self.flags & (TraceFlags::AUDIT | TraceFlags::POINT)
    }

    /// Who gets the stops of these flags.
    pub fn listener(&self, flags: TraceFlags) -> Option<Listener> {
        self.tracer.filter(|_| self.flags.intersects(flags))
    }

    /// Numbers below this are plain calls: all, or none when calls are watched or filtered.
    pub fn calls_end(&self) -> u64 {
        if self.any() { 0 } else { Syscall::END }
    }
}
