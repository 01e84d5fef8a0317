//! Process: a space, a handle table and a quota.

use super::{
    EndpointId, HandleTable, List, NotificationId, Operation, ProcessId, ProcessLog, QuotaId,
    Regions, Watch,
};
use crate::arena::Arena;
use crate::machine::{Machine, PortSpans};
use abi::NAME_LEN;

/// The process id of the first program.
pub const FIRST_PID: u32 = 1;

/// Alive, being taken apart, or only remembered by handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Life {
    /// Its threads may run.
    Alive,
    /// Killed: the exit loop gives back what it held, piece by piece.
    Dying,
    /// Everything was given back; handles can still ask for its status.
    Dead,
}

/// The process that made it, and those that it made.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Family {
    /// Its creator, as long as it is not dead.
    pub creator: Option<ProcessId>,
    /// The first of its children that are alive.
    pub living: Option<ProcessId>,
    /// The first of those that are being taken apart.
    pub dying: Option<ProcessId>,
    /// Neighbours among the children of its creator that are as it is.
    pub previous: Option<ProcessId>,
    /// The other neighbour.
    pub next: Option<ProcessId>,
    /// How many creators stand above it.
    pub depth: u8,
}

/// The address space of a process.
#[derive(Clone, Debug, Hash)]
pub struct Space<T> {
    /// Its translation; taken away at the end of the process's life.
    pub table: Option<T>,
    /// Its mappings.
    pub regions: Regions,
}

/// The threads of a process.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Members {
    /// All of them (linked by `siblings`).
    pub list: List,
    /// Their number.
    pub count: u32,
    /// The number of those that wait for a message.
    pub receiving: u32,
}

/// The scheduling state of a process.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct ShareState {
    /// The process whose share of the CPU its threads use; none: its own.
    pub share: Option<ProcessId>,
    /// The highest priority that its threads may have.
    pub max_priority: u8,
    /// Time that servers spent for threads of this share: comes off its next turns. This and
    /// what follows in [`crate::Machine::ticks`].
    pub debt: u64,
    /// Time of its threads in user mode.
    pub user: u64,
    /// Time of the kernel for its threads.
    pub kernel: u64,
}

/// The calls that a process serves.
#[derive(Clone, Copy, Debug, Hash)]
pub struct ServerState {
    /// Callers whose call was received here and has no answer yet.
    pub callers: List,
    /// The number of its receives.
    pub receives: u64,
    /// The signal for a caller that stops waiting before its answer.
    pub abandoned: Option<(NotificationId, u64)>,
    /// That happened and was not signalled yet.
    pub in_abandoned: bool,
    /// The previous process of which this holds.
    pub previous_abandoned: Option<ProcessId>,
    /// The next process of which this holds.
    pub next_abandoned: Option<ProcessId>,
}

/// What other processes learn of a process.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Supervision {
    /// Where its faults go.
    pub fault_handler: Option<(EndpointId, u64)>,
    /// The last fault, a `FaultKind` number or 0.
    pub last_fault: u64,
    /// The watcher of its system calls.
    pub watch: Watch,
    /// The signal for its death.
    pub death: Option<(NotificationId, u64)>,
}

/// The progress of taking a dying process apart.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Teardown {
    /// A loan of it that is being revoked.
    pub revoking: Option<Operation>,
    /// The priority of this work.
    pub urgency: u8,
    /// The dying process before it, of the same urgency.
    pub previous: Option<ProcessId>,
    /// The dying process after it.
    pub next: Option<ProcessId>,
}

/// The accounts that a process is charged to.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Accounts {
    /// Its own account.
    pub quota: QuotaId,
    /// The account that pays for the process object itself.
    pub payer: QuotaId,
}

/// A process.
#[derive(Clone, Debug, Hash)]
pub struct Process<T> {
    /// Its number, never used again.
    pub pid: u32,
    /// Name, padded with zeros.
    pub name: [u8; NAME_LEN],
    /// Alive or not.
    pub life: Life,
    /// No thread of it runs.
    pub suspended: bool,
    /// Exit status, final when not alive.
    pub status: u64,
    /// Handles that name it.
    pub refs: u32,
    /// Its handles.
    pub handles: HandleTable,
    /// Its address space.
    pub space: Space<T>,
    /// Its threads.
    pub members: Members,
    /// Its scheduling state.
    pub sched: ShareState,
    /// What it may write to the system log.
    pub log: ProcessLog,
    /// The calls that it serves.
    pub ipc: ServerState,
    /// What other processes learn of it.
    pub supervision: Supervision,
    /// Ports that its threads may use by instructions.
    pub ports: PortSpans,
    /// The accounts that it is charged to.
    pub accounts: Accounts,
    /// The progress of taking it apart.
    pub teardown: Teardown,
    /// Its creator and its children.
    pub family: Family,
}

impl<T> Default for Process<T> {
    fn default() -> Self {
        Self {
            pid: 0,
            name: [0; NAME_LEN],
            life: Life::Alive,
            suspended: false,
            status: 0,
            refs: 0,
            handles: HandleTable::new(),
            space: Space { table: None, regions: Regions::default() },
            members: Members { list: List::EMPTY, count: 0, receiving: 0 },
            sched: ShareState::default(),
            log: ProcessLog::default(),
            ipc: ServerState {
                callers: List::EMPTY,
                receives: 0,
                abandoned: None,
                in_abandoned: false,
                previous_abandoned: None,
                next_abandoned: None,
            },
            supervision: Supervision {
                fault_handler: None,
                last_fault: 0,
                watch: Watch::NONE,
                death: None,
            },
            ports: PortSpans::default(),
            accounts: Accounts::default(),
            teardown: Teardown::default(),
            family: Family::default(),
        }
    }
}

impl ShareState {
    /// Books time of a thread: in user mode, in the kernel.
    #[inline(always)]
    pub(crate) fn book(&mut self, (user, kernel): (u64, u64)) {
        self.user = self.user.wrapping_add(user);
        self.kernel = self.kernel.wrapping_add(kernel);
    }
}

/// All processes.
pub type Processes<M> = Arena<super::ProcessKind, Process<<M as Machine>::PageTable>>;
