//! Processes: quota, protection, priorities, what can be asked of them.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Number of priorities; 0 is the least urgent.
pub const PRIORITIES: usize = 64;
/// The longest process name in bytes.
pub const NAME_LEN: usize = 16;
/// Exit status of a program that panicked.
pub const EXIT_PANIC: u64 = 101;
/// The exit status of a driver whose device is not there: it is not started again.
pub const EXIT_NO_DEVICE: u64 = 102;
/// The exit status of a driver whose device is another one's: it is not started again.
pub const EXIT_DEVICE_OWNED: u64 = 103;
/// Exit status of a process that was killed from outside or by a fault: this plus a
/// signal number where there is one.
pub const KILLED: u64 = 128;

/// How urgent a thread is: below [`PRIORITIES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Priority(pub u8);

/// The limits of a process. Taken out of its creator's, given back at its death.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C)]
pub struct Quota {
    /// Frames of 4 KiB, page tables included.
    pub pages: u32,
    /// Slots of handle tables.
    pub handles: u32,
    /// Threads.
    pub threads: u32,
    /// Other kernel objects: endpoints, notifications, memory objects, mappings, timers,
    /// interrupts, port ranges, I/O spaces, processes.
    pub objects: u32,
    /// The highest priority that its threads may have.
    pub max_priority: u32,
    /// 0.
    pub reserved: u32,
}

/// How pages may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u64)]
pub enum Protection {
    /// Read only.
    #[default]
    Read = 1,
    /// Read and write.
    ReadWrite = 3,
    /// Read and execute.
    ReadExecute = 5,
}

impl Protection {
    /// The protection with this number. There is none that writes and executes.
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::Read, Self::ReadWrite, Self::ReadExecute]
            .into_iter()
            .find(|protection| *protection as u64 == number)
    }

    /// Whether every access that `other` allows is allowed.
    pub fn allows(self, other: Self) -> bool {
        self as u64 & other as u64 == other as u64
    }

    /// Whether writing is allowed.
    pub fn writable(self) -> bool {
        matches!(self, Self::ReadWrite)
    }

    /// Whether execution is allowed.
    pub fn executable(self) -> bool {
        matches!(self, Self::ReadExecute)
    }
}

/// What a process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum ProcessState {
    /// Alive.
    Running = 0,
    /// Alive, stopped by `ProcessSuspend`.
    Suspended = 1,
    /// Dead: `status` is final; what it held has been or is being given back.
    Dead = 2,
}

/// What `ProcessInfo` tells.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C, align(8))]
pub struct ProcessInfo {
    /// Process id: counts up from 1 (init) and is never used again.
    pub pid: u32,
    /// A [`ProcessState`].
    pub state: u32,
    /// Exit status, once dead.
    pub status: u64,
    /// Time its threads spent in user mode.
    pub user_ns: u64,
    /// Time the kernel spent for them.
    pub kernel_ns: u64,
    /// What it uses now.
    pub used: Quota,
    /// What it may use.
    pub limit: Quota,
    /// Name, padded with zeros.
    pub name: [u8; NAME_LEN],
    /// The last fault of it: a [`FaultKind`](crate::FaultKind) or 0.
    pub fault: u64,
    /// The number of times that its threads asked for a message: a sign of life.
    pub receives: u64,
    /// Threads that wait for a message now.
    pub receiving: u32,
    /// 0.
    pub reserved: u32,
}

/// A handle of a process, as `ProcessHandles` tells.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C, align(8))]
pub struct HandleRecord {
    /// Its number.
    pub handle: u32,
    /// An [`ObjectKind`](crate::ObjectKind).
    pub kind: u32,
    /// [`Rights`](crate::Rights).
    pub rights: u32,
    /// 0.
    pub reserved: u32,
    /// What receivers see of messages that are sent through it; 0: none.
    pub badge: u64,
    /// A number that handles of the same object share, and no others.
    pub object: u64,
}

/// Values for isa-debug-exit with fixed meanings; QEMU leaves with `value << 1 | 1`.
/// `STATUS + n` says that the system was shut down with status n, 0 to 31.
pub mod exit_code {
    /// Shut down with status 0; tests passed.
    pub const SUCCESS: u8 = 0x10;
    /// Kernel panic.
    pub const PANIC: u8 = 0x21;
    /// A self-test failed.
    pub const TEST_FAILED: u8 = 0x22;
    /// init ended.
    pub const INIT_DIED: u8 = 0x23;
    /// The boot archive or the command line is not usable.
    pub const BOOT_FAILED: u8 = 0x24;
    /// A server without which there is no prompt cannot run.
    pub const NO_PROMPT: u8 = 0x25;
    /// Shut down with status n: this plus n, n in 1..=31.
    pub const STATUS: u8 = 0x40;
}

const _: () = assert!(size_of::<Quota>() == 24);
const _: () = assert!(size_of::<ProcessInfo>() == 120);
const _: () = assert!(size_of::<HandleRecord>() == 32);
