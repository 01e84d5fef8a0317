//! Process: a space, a handle table and a quota.

use super::{
    EndpointId, HandleTable, List, NotificationId, Operation, PortSpans, ProcessId, QuotaId,
    Regions, Watch,
};
use crate::arena::Arena;
use crate::log::ProcessLog;
use crate::machine::Machine;
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
    /// The last fault, a `FaultKind` number or 0.
    pub last_fault: u64,
    /// Handles that name it.
    pub refs: u32,
    /// Its handles.
    pub handles: HandleTable,
    /// Its translation; taken away at the end of its life.
    pub table: Option<T>,
    /// Its mappings.
    pub regions: Regions,
    /// Its threads (linked by `siblings`).
    pub threads: List,
    /// The number of its threads.
    pub thread_count: u32,
    /// Those of them that wait for a message.
    pub receiving: u32,
    /// The process whose share of the CPU its threads use; none: its own.
    pub share: Option<ProcessId>,
    /// Time that others spent for threads of this share: comes off its next turns. This and
    /// what follows in [`crate::Machine::ticks`].
    pub debt: u64,
    /// What it may write to the system log.
    pub log: ProcessLog,
    /// Callers whose call was received here and not answered yet.
    pub callers: List,
    /// How often a thread of it has asked for a message.
    pub receives: u64,
    /// Where faults go.
    pub fault_handler: Option<(EndpointId, u64)>,
    /// Ports that its threads may use by instructions.
    pub ports: PortSpans,
    /// Who watches its system calls.
    pub watch: Watch,
    /// What a caller signals that stops waiting before it was answered.
    pub abandoned: Option<(NotificationId, u64)>,
    /// That happened and was not signalled yet.
    pub untold: bool,
    /// The process to be told so before it.
    pub previous_untold: Option<ProcessId>,
    /// The next process to be told so.
    pub next_untold: Option<ProcessId>,
    /// What its death signals.
    pub death: Option<(NotificationId, u64)>,
    /// Its own account.
    pub quota: QuotaId,
    /// Who pays for the process object itself.
    pub payer: QuotaId,
    /// The highest priority of its threads.
    pub max_priority: u8,
    /// A loan of it that is being taken back, at the end of its life.
    pub revoking: Option<Operation>,
    /// How urgent it is to take it apart.
    pub urgency: u8,
    /// The process that is taken apart before it, among the equally urgent.
    pub previous_dying: Option<ProcessId>,
    /// The next process to be taken apart.
    pub next_dying: Option<ProcessId>,
    /// Its creator and its children.
    pub family: Family,
    /// Its threads in user mode.
    pub user: u64,
    /// The kernel for its threads.
    pub kernel: u64,
}

impl<T> Default for Process<T> {
    fn default() -> Self {
        Self {
            pid: 0,
            name: [0; NAME_LEN],
            life: Life::Alive,
            suspended: false,
            status: 0,
            last_fault: 0,
            refs: 0,
            handles: HandleTable::new(),
            table: None,
            regions: Regions::default(),
            threads: List::EMPTY,
            thread_count: 0,
            receiving: 0,
            share: None,
            debt: 0,
            log: ProcessLog::default(),
            callers: List::EMPTY,
            receives: 0,
            fault_handler: None,
            ports: PortSpans::default(),
            watch: Watch::NOBODY,
            abandoned: None,
            untold: false,
            previous_untold: None,
            next_untold: None,
            death: None,
            quota: QuotaId::default(),
            payer: QuotaId::default(),
            max_priority: 0,
            revoking: None,
            urgency: 0,
            previous_dying: None,
            next_dying: None,
            family: Family::default(),
            user: 0,
            kernel: 0,
        }
    }
}

impl<T> Process<T> {
    /// Books time of one of its threads: in user mode, in the kernel.
    #[inline(always)]
    pub(crate) fn book(&mut self, (user, kernel): (u64, u64)) {
        self.user = self.user.wrapping_add(user);
        self.kernel = self.kernel.wrapping_add(kernel);
    }
}

/// All processes.
pub type Processes<M> = Arena<super::ProcessKind, Process<<M as Machine>::PageTable>>;
