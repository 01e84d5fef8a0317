//! Long operations of a thread, done in pieces by the exit loop.

use super::super::{EndpointId, MemoryId, ProcessId, RegionId, ThreadId};
use abi::Protection;

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
        /// The region that it is in the middle of, marked busy.
        within: Option<RegionId>,
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
        /// The region that it is in the middle of, marked busy.
        within: Option<RegionId>,
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
        /// The number of threads to skip.
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

/// A range of a space, and what becomes of it: another protection, or it is unmapped.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Claim {
    /// Whose space.
    pub process: ProcessId,
    /// The first address.
    pub at: u64,
    /// The first address after it.
    pub end: u64,
    /// The protection that it gets; none: it is unmapped.
    pub protection: Option<Protection>,
}

impl Claim {
    /// What is done when all regions were looked at.
    pub(crate) fn operation(self) -> Operation {
        let Self { process, at, end, protection } = self;
        match protection {
            Some(protection) => Operation::Protect { process, at, end, protection, within: None },
            None => Operation::Unmap { process, at, end, status: 0, within: None },
        }
    }
}
