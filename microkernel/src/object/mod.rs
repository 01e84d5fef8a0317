//! Kernel objects: nouns, one file each.

mod device;
mod dying;
mod endpoint;
mod handle;
mod id;
mod io_space;
mod links;
mod list;
mod memory;
mod messages;
mod notification;
mod objects;
mod pids;
mod process;
mod process_log;
mod quota;
mod regions;
pub(crate) mod runs;
mod sched_context;
mod senders;
mod thread;
mod token;
mod watch;

pub use device::{Irq, IrqSource, PortRange};
pub use dying::Dying;
pub use endpoint::Endpoint;
pub use handle::Taken;
pub use handle::{CHUNK_HANDLES, Chunk, Chunks, Entry, HandleTable, TABLE_CHUNKS};
pub(crate) use id::Named;
pub use id::{
    ChunkId, ChunkKind, EndpointId, EndpointKind, IoSpaceId, IoSpaceKind, IrqId, IrqKind,
    LifelineId, LifelineKind, MemoryId, MemoryKind, NotificationId, NotificationKind, ObjectRef,
    PortId, PortKind, ProcessId, ProcessKind, QuotaId, QuotaKind, RegionId, RegionKind,
    SchedContextId, SchedContextKind, ThreadId, ThreadKind, TimerId, TimerKind,
};
pub use io_space::{IoMapping, IoSpace, IoSpaces};
pub(crate) use links::PendingLink;
pub use links::{By, Links, RunEnd};
pub use list::List;
pub use memory::{Loan, MemoryObject, Storage};
pub use messages::Messages;
pub use notification::{Lifeline, Notification, Timer};
pub(crate) use objects::Objects;
pub use pids::Pids;
pub use process::{
    Accounts, FIRST_PID, Family, Life, Members, Process, Processes, ServerState, ShareState, Space,
    Supervision, Teardown,
};
pub(crate) use process_log::Stream;
pub use process_log::{Bucket, ProcessLog};
pub use quota::{Amounts, Quota, Quotas, Resource};
#[cfg(test)]
pub(crate) use regions::tests::checked as checked_regions;
pub use regions::{Branch, Gap, Region, RegionArena, Regions};
pub use sched_context::{SchedContext, Terms};
pub use senders::Senders;
pub use thread::{
    CallState, Claim, EnvelopeTag, ExtraRegisters, Fault, FaultRecord, FaultState, IpcBuffer,
    IpcState, Operation, Pending, Raised, Reason, SchedState, State, Thread, ThreadWork, Threads,
    ToThread, Upcall, VectorState,
};
pub use token::CallToken;
pub use watch::{Listener, Watch};
