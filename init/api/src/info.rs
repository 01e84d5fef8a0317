//! What init tells.

use alloc::string::String;
use alloc::vec::Vec;

/// How the reason begins for which a driver is given up whose device is not there: no fault, and
/// usual for devices that a machine need not have.
pub const NO_DEVICE: &str = "no device";

/// What a server is doing.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// It runs or waits.
    Running,
    /// It died and is started again at this time since boot.
    Restarting {
        /// When, in nanoseconds since boot.
        at_ns: u64,
    },
    /// It ended, and its policy leaves it so.
    Ended {
        /// Its exit status.
        status: u64,
    },
    /// It died too often, or cannot be started.
    GivenUp {
        /// Why.
        why: String,
    },
}

/// One server, for `servers` and `ps`.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// Its name in the manifest.
    pub name: String,
    /// Process id of its present life; 0 when it does not run.
    pub pid: u32,
    /// What it is doing.
    pub state: ServerState,
    /// How often it was started again.
    pub restarts: u32,
    /// Its priority.
    pub priority: u8,
    /// Pages it uses now.
    pub pages: u32,
    /// Pages it may use.
    pub pages_limit: u32,
    /// Handles it holds.
    pub handles: u32,
    /// Threads it has.
    pub threads: u32,
    /// Time in user mode in its present life.
    pub user_ns: u64,
    /// Time the kernel spent for it.
    pub kernel_ns: u64,
    /// Since when it runs, in nanoseconds since boot.
    pub started_ns: u64,
}

/// A process that is no server: a program that `proc` knows, or one that a program made itself.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessEntry {
    /// Process id.
    pub pid: u32,
    /// The name that its maker gave it.
    pub name: String,
    /// Whether it is stopped.
    pub suspended: bool,
    /// The highest priority of its threads.
    pub priority: u8,
    /// Pages it uses now.
    pub pages: u32,
    /// Handles it holds.
    pub handles: u32,
    /// Threads it has.
    pub threads: u32,
    /// Time in user mode.
    pub user_ns: u64,
    /// Time the kernel spent for it.
    pub kernel_ns: u64,
}

/// Processes of the machine.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessList {
    /// As many as an answer holds, in the kernel's order.
    pub processes: Vec<ProcessEntry>,
    /// How many there are besides.
    pub more: u64,
}

/// One fault of a server.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRecord {
    /// The server.
    pub server: String,
    /// Process id of the life that it ended.
    pub pid: u32,
    /// When, in nanoseconds since boot.
    pub at_ns: u64,
    /// How long that life was.
    pub uptime_ns: u64,
    /// How often it had been started again by then.
    pub restarts: u32,
    /// What happened: `page fault`, `panic`, `hang`, …
    pub kind: String,
    /// The kernel's code for it; for a page fault 1 write, 2 instruction fetch.
    pub code: u64,
    /// The address that was used wrongly.
    pub address: u64,
    /// The instruction.
    pub instruction: u64,
    /// The stack pointer.
    pub stack: u64,
    /// The text of a panic, or what makes it a hang.
    pub text: String,
}

/// The registers of a [`ThreadRecord`], in their order.
pub const REGISTERS: [&str; 18] = [
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "rip", "rflags",
];

/// A thread of a server at the time of its fault.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadRecord {
    /// Whether the fault is its own.
    pub faulted: bool,
    /// The values of [`REGISTERS`].
    pub registers: Vec<u64>,
    /// The words from its stack pointer on.
    pub stack: Vec<u64>,
    /// Its instruction and those it would have returned to, as its frames tell.
    pub backtrace: Vec<u64>,
}

/// All that is known of a fault.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultDetails {
    /// What happened.
    pub record: FaultRecord,
    /// What its threads did: the one that faulted, if there is one, first.
    pub threads: Vec<ThreadRecord>,
}

/// A way that calls can take now.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// The process that holds a handle to send with.
    pub client: String,
    /// The one that receives.
    pub server: String,
}

/// The links from clients to servers in the running system.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphInfo {
    /// All links, in the order of their names.
    pub links: Vec<LinkInfo>,
    /// The number of processes that init has no handle to: their links are missing.
    pub unseen: u64,
}

/// The kernel's counters.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineInfo {
    /// Time since boot.
    pub uptime_ns: u64,
    /// Time all CPUs spent idle.
    pub idle_ns: u64,
    /// Frames of 4 KiB that the kernel manages.
    pub frames_total: u64,
    /// Of these free.
    pub frames_free: u64,
    /// Processes.
    pub processes: u64,
    /// Threads.
    pub threads: u64,
    /// Handles in all tables.
    pub handles: u64,
    /// Other kernel objects.
    pub objects: u64,
    /// CPUs that run.
    pub cpus: u64,
    /// System calls since boot.
    pub syscalls: u64,
    /// Thread switches since boot.
    pub switches: u64,
    /// Timer interrupts since boot.
    pub timer_interrupts: u64,
    /// Bytes of log records that were written.
    pub log_bytes: u64,
    /// Exits to user mode.
    pub exits: u64,
    /// The most turns that one exit took.
    pub most_turns: u64,
    /// Device lines that have an owner or have interrupted.
    pub irqs: Vec<IrqInfo>,
}

/// A device interrupt line.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IrqInfo {
    /// Its number.
    pub line: u32,
    /// The server that has it; empty: none.
    pub owner: String,
    /// How often it interrupted.
    pub count: u64,
}
