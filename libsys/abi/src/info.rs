//! What `SystemInfo` tells.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Interrupt lines that are counted.
pub const IRQ_LINES: usize = 24;

/// The number of interrupts of each line.
pub type IrqCounts = [u64; IRQ_LINES];

/// Buckets of the histogram of turns: 1, 2-3, 4-7, and so on.
pub const TURN_BUCKETS: usize = 16;

/// One CPU.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C)]
pub struct CpuInfo {
    /// Time in user mode.
    pub user_ns: u64,
    /// Time in the kernel.
    pub kernel_ns: u64,
    /// Time it was halted. The three add up to the time since it started.
    pub idle_ns: u64,
    /// Interrupts that the gate took: timer, device lines, kicks.
    pub interrupts: u64,
    /// Exits by their turns in the loop; exits without a turn are not in it.
    pub turns: [u64; TURN_BUCKETS],
}

/// The machine as the kernel sees it; counts are of now.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C, align(8))]
pub struct SystemInfo {
    /// Time since boot.
    pub uptime_ns: u64,
    /// Time all CPUs spent idle.
    pub idle_ns: u64,
    /// Frames of 4 KiB that the kernel manages.
    pub frames_total: u64,
    /// Of these free.
    pub frames_free: u64,
    /// Processes alive, not yet given back, or remembered by handles.
    pub processes: u64,
    /// Of these processes alive: neither killed nor ended.
    pub living: u64,
    /// Threads.
    pub threads: u64,
    /// Handles in all tables.
    pub handles: u64,
    /// Other kernel objects, mappings among them.
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
    /// Exits to user mode, and the most turns that one of them took.
    pub exits: u64,
    /// See `exits`.
    pub most_turns: u64,
    /// Entries from user mode and from halts; 0 in a kernel without debug checks. One more exit
    /// than entries is made by each CPU that is not in the kernel.
    pub entries: u64,
    /// What the debug checks found; 0 in a kernel without them.
    pub violations: u64,
    /// The longest turn of the exit loop; 0 in a kernel without checks.
    pub longest_turn_ns: u64,
    /// Vector states that were loaded into a CPU's registers.
    pub vector_loads: u64,
    /// Vector states that were saved to memory.
    pub vector_saves: u64,
    /// Loads that were not needed: the registers still held the thread's state.
    pub vector_kept: u64,
    /// Interrupts by messages (MSI) that no object has any more.
    pub lost_messages: u64,
    /// The physical address of bus 0 in the memory-mapped configuration space of PCI (ACPI table
    /// MCFG, segment 0), a multiple of 1 MiB; 0: there is none.
    pub ecam: u64,
    /// The first bus that has its 1 MiB there.
    pub ecam_first_bus: u64,
    /// The last one.
    pub ecam_last_bus: u64,
    /// Device interrupts by line.
    pub irqs: IrqCounts,
}

const _: () = assert!(size_of::<SystemInfo>() == (26 + IRQ_LINES) * 8);
