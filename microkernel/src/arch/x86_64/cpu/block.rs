//! What belongs to one CPU, reached through gs in kernel mode.

use super::super::checks::CpuChecks;
use super::super::entry::frame::UserFrame;
use super::super::irq::pending::Pending;
use super::tables::{Segments, TaskPlace};
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
    /// The end of the frame of the thread that runs in user mode, whose bases are in the
    /// registers: entries push there. 0 when that is nobody's.
    pub(crate) frame_end: AtomicU64,
    /// The top of this CPU's kernel stack.
    pub(crate) kernel_stack: AtomicU64,
    /// The user stack pointer for the first instructions of a system call.
    pub(crate) user_stack: AtomicU64,
    /// The root in CR3.
    pub(crate) active_root: AtomicU64,
    /// What another CPU asks of it, see `mm::shootdown`.
    pub(crate) request: AtomicU64,
    /// A large page of its root was split since its last fault.
    pub(crate) splits: AtomicBool,
    /// How often it was asked.
    pub(crate) shootdowns: AtomicU64,
    /// Whether user mode can change the bases of fs and gs by itself.
    pub(crate) fsgsbase: AtomicBool,
    /// Interrupts that wait for the exit loop.
    pub(crate) pending: Pending,
    /// Non-maskable interrupts seen.
    pub(crate) nmis: AtomicU64,
    /// What was watched for when a debug exception or machine check came from user mode.
    pub(crate) debug_control: AtomicU64,
    /// Debug exceptions in kernel mode.
    pub(crate) debugs: AtomicU64,
    /// The stack pointer at the last of them.
    pub(crate) debug_stack: AtomicU64,
    /// What fired in those of a thread's debug registers.
    pub(crate) debug_causes: AtomicU64,
    /// Machine checks in kernel mode that it survived.
    pub(crate) machine_checks: AtomicU64,
    /// Interrupts taken.
    pub(crate) interrupts: AtomicU64,
    /// Interrupts with a vector that nobody uses.
    pub(crate) strays: AtomicU64,
    /// The stack pointer at the last non-maskable interrupt.
    pub(crate) nmi_stack: AtomicU64,
    /// The number of its interrupt controller.
    pub(crate) apic_id: AtomicU64,
    /// Its task state segment.
    pub(crate) task: TaskPlace,
    /// Its segments.
    pub(crate) segments: spin::Once<Segments>,
    /// What it does before the core runs on it; empty when that is done.
    pub(crate) errand: spin::Mutex<Option<fn()>>,
    /// What a probe ran into: a vector above the error code's 32 bits; 0 for nothing.
    pub(crate) caught: AtomicU64,
    /// What an errand found out.
    pub(crate) answer: AtomicU64,
    /// What the debug checks keep.
    pub(crate) checks: CpuChecks,
    running: AtomicBool,
    id: CpuId,
}

impl CpuBlock {
    const fn new(id: u16) -> Self {
        Self {
            this: AtomicU64::new(0),
            frame_end: AtomicU64::new(0),
            kernel_stack: AtomicU64::new(0),
            user_stack: AtomicU64::new(0),
            active_root: AtomicU64::new(0),
            request: AtomicU64::new(0),
            splits: AtomicBool::new(false),
            shootdowns: AtomicU64::new(0),
            fsgsbase: AtomicBool::new(false),
            pending: Pending::new(),
            nmis: AtomicU64::new(0),
            debug_control: AtomicU64::new(0),
            debugs: AtomicU64::new(0),
            debug_stack: AtomicU64::new(0),
            debug_causes: AtomicU64::new(0),
            machine_checks: AtomicU64::new(0),
            interrupts: AtomicU64::new(0),
            strays: AtomicU64::new(0),
            nmi_stack: AtomicU64::new(0),
            apic_id: AtomicU64::new(0),
            task: TaskPlace::nowhere(),
            segments: spin::Once::new(),
            errand: spin::Mutex::new(None),
            caught: AtomicU64::new(0),
            answer: AtomicU64::new(0),
            checks: CpuChecks::new(),
            running: AtomicBool::new(false),
            id: CpuId(id),
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> CpuId {
        self.id
    }

    /// Its tables and its interrupt controller are in use from now on.
    ///
    /// ORDER: Release pairs with the Acquire of `running`: who finds it running finds all
    /// that it prepared.
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

    /// Every entry from user mode pushes there.
    ///
    /// # Safety
    /// This is the CPU that the caller runs on, with its tables loaded and interrupts off; the
    /// address is the end of a frame that the entries of this CPU may overwrite.
    #[inline(always)]
    pub(crate) unsafe fn set_entry_stack(&self, end: u64) {
        self.frame_end.store(end, Relaxed);
        // SAFETY: the caller's promises; a frame's end is kernel memory, so canonical.
        unsafe { self.task.set_entry_stack(end) };
    }

    /// The frame of the thread that entered.
    pub(crate) fn user_frame(&self) -> *mut UserFrame {
        let end: *mut UserFrame = core::ptr::with_exposed_provenance_mut(super::super::index(
            self.frame_end.load(Relaxed),
        ));
        end.wrapping_sub(1)
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
        blocks[place].id = CpuId(number);
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
    // SAFETY: 1. In kernel mode gs is the kernel's from `cpu::init` on: the entry stubs
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
