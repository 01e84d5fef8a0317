//! What belongs to one CPU and is reached through gs in kernel mode: what assembly needs, and what
//! the CPU's own registers hold. Everything else is a [`PerCpu`](super::local::PerCpu) of its
//! subsystem.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU64};
use core_kernel::CpuId;

/// The most CPUs that have a block.
pub(crate) const CPUS: usize = 64;

/// One CPU's data. Fields that only this CPU uses are atomics with relaxed order: plain
/// loads and stores, without `unsafe`.
#[repr(C, align(64))]
pub(crate) struct CpuBlock {
    /// The address of this block: what `gs:[this]` gives.
    pub(crate) this: AtomicU64,
    /// The end of the frame that entries from user mode push into, whose bases are in the
    /// registers; 0 for none.
    pub(crate) frame_end: AtomicU64,
    /// The top of this CPU's kernel stack.
    pub(crate) kernel_stack: AtomicU64,
    /// The user stack pointer for the first instructions of a system call.
    pub(crate) user_stack: AtomicU64,
    /// DR7 when a debug exception or machine check came from user mode.
    pub(crate) debug_control: AtomicU64,
    /// Causes of debug exceptions in kernel mode by a thread's own debug registers.
    pub(crate) debug_causes: AtomicU64,
    /// The root in CR3.
    pub(crate) active_root: AtomicU64,
    /// The address of the task state segment; 0 for a CPU that was not started.
    pub(crate) task: AtomicU64,
    /// The number of its interrupt controller.
    pub(crate) apic_id: AtomicU64,
    /// Whether user mode can change the bases of fs and gs by itself.
    pub(crate) fsgsbase: AtomicBool,
    running: AtomicBool,
    id: CpuId,
    /// Cache lines before its own in an array with one for each CPU, in bytes.
    line: usize,
}

/// Bytes of a cache line.
pub(super) const LINE: usize = 64;

impl CpuBlock {
    const fn new(id: u16) -> Self {
        Self {
            this: AtomicU64::new(0),
            frame_end: AtomicU64::new(0),
            kernel_stack: AtomicU64::new(0),
            user_stack: AtomicU64::new(0),
            debug_control: AtomicU64::new(0),
            debug_causes: AtomicU64::new(0),
            active_root: AtomicU64::new(0),
            task: AtomicU64::new(0),
            apic_id: AtomicU64::new(0),
            fsgsbase: AtomicBool::new(false),
            running: AtomicBool::new(false),
            id: CpuId(id),
            line: id as usize * LINE,
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> CpuId {
        self.id
    }

    /// The offset of its line in an array of [`CPUS`] cache lines: less than that many.
    #[inline(always)]
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Marks its tables and its interrupt controller as in use.
    ///
    /// ORDER: Release pairs with the Acquire of `running`: a CPU that reads true also sees all that
    /// was prepared before.
    pub(crate) fn set_running(&self) {
        self.running.store(true, Release);
    }

    /// Whether it runs the kernel.
    pub(crate) fn running(&self) -> bool {
        self.running.load(Acquire)
    }

    /// The number of its interrupt controller.
    pub(crate) fn controller(&self) -> u32 {
        // NOFAIL: only ever set from 32 bits.
        u32::try_from(self.apic_id.load(Relaxed)).unwrap_or(u32::MAX)
    }

    /// The address of this block.
    pub(crate) fn address(&self) -> u64 {
        core::ptr::from_ref(self).expose_provenance() as u64
    }
}

static BLOCKS: [CpuBlock; CPUS] = {
    let mut blocks = [const { CpuBlock::new(0) }; CPUS];
    let (mut place, mut number) = (0, 0);
    while place < CPUS {
        blocks[place] = CpuBlock::new(number);
        (place, number) = (place + 1, number + 1);
    }
    blocks
};

/// The block of a CPU.
pub(crate) fn block(cpu: CpuId) -> &'static CpuBlock {
    &BLOCKS[usize::from(cpu.0) % CPUS]
}

/// The block for the next CPU that starts; the last one again when all are taken.
pub(crate) fn next() -> &'static CpuBlock {
    BLOCKS.iter().find(|cpu| !cpu.running()).unwrap_or(&BLOCKS[CPUS - 1])
}

/// All CPUs that run the kernel. They are numbered without gaps, the boot CPU is 0.
pub(crate) fn running() -> impl Iterator<Item = &'static CpuBlock> {
    BLOCKS.iter().take_while(|cpu| cpu.running())
}

/// The others among them.
pub(crate) fn others(me: &CpuBlock) -> impl Iterator<Item = &'static CpuBlock> {
    let me = me.id();
    running().filter(move |cpu| cpu.id() != me)
}

/// The block of this CPU.
pub(crate) fn this_cpu() -> &'static CpuBlock {
    let address: u64;
    // SAFETY: 1. In kernel mode gs is the kernel's from `entry::init` on: the entry stubs
    // swap it before any Rust code runs. 2. Its first word is the block's own address.
    // 3. Blocks are static and all their fields can be shared.
    unsafe {
        core::arch::asm!(
            "mov {}, gs:[{this}]",
            out(reg) address,
            this = const core::mem::offset_of!(CpuBlock, this),
            options(nostack, readonly, preserves_flags),
        );
        &*core::ptr::with_exposed_provenance(super::super::index(address))
    }
}
