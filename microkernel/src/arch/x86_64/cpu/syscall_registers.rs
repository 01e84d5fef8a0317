//! The registers behind SYSCALL, SYSENTER and gs.

use super::block::CpuBlock;
use super::msr::read_msr;
use super::tables::{KERNEL_CODE, USER_CODE};
use core::sync::atomic::Ordering::Relaxed;
use spin::Once;
use x86_64::VirtAddr;
use x86_64::registers::control::{Efer, EferFlags};
use x86_64::registers::model_specific::{GsBase, KernelGsBase, LStar, Msr, SFMask};
use x86_64::registers::rflags::RFlags;

/// Where system calls enter the kernel. Every CPU has the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries {
    /// SYSCALL of 64-bit code.
    pub(crate) syscall: u64,
    /// SYSCALL of 32-bit code.
    pub(crate) syscall32: u64,
    /// SYSENTER.
    pub(crate) sysenter: u64,
    /// SYSENTER of a thread under single step.
    pub(crate) stepped_sysenter: u64,
}

static ENTRIES: Once<Entries> = Once::new();

/// The entries that the first call of [`load`] was given.
pub(crate) fn entries() -> Option<&'static Entries> {
    ENTRIES.get()
}

/// Flags that a system call clears: interrupts off, no single step, strings upwards, no
/// nested-task trouble at IRET, no hole in SMAP, and no privilege for ports.
pub(crate) const CLEARED_FLAGS: RFlags = RFlags::INTERRUPT_FLAG
    .union(RFlags::TRAP_FLAG)
    .union(RFlags::DIRECTION_FLAG)
    .union(RFlags::NESTED_TASK)
    .union(RFlags::ALIGNMENT_CHECK)
    .union(RFlags::IOPL_LOW)
    .union(RFlags::IOPL_HIGH)
    .union(RFlags::RESUME_FLAG)
    .union(RFlags::ID);

/// STAR: SYSCALL's and SYSRET's selectors.
pub(crate) const MSR_STAR: u32 = 0xc000_0081;
/// SYSRET adds 16 to this for code and 8 for the stack.
const SYSRET_BASE: u64 = (USER_CODE.0 - 16) as u64;

/// Where SYSCALL of 32-bit code enters; Intel's CPUs have the register and do not use it.
pub(crate) const MSR_CSTAR: u32 = 0xc000_0083;
/// SYSENTER's code selector (the stack's is the next), stack and entry; AMD's CPUs have them
/// and do not use them in 64-bit mode.
pub(crate) const MSR_SYSENTER: [u32; 3] = [0x174, 0x175, 0x176];

/// The value of STAR.
pub(crate) const fn star() -> u64 {
    SYSRET_BASE << 48 | (KERNEL_CODE.0 as u64) << 32
}

/// Whether SYSENTER's stack and entry are as they were written: AMD's CPUs keep 32 bits of each.
fn sysenter_is_whole([_, stack, entry]: [u64; 3]) -> bool {
    MSR_SYSENTER[1..]
        .iter()
        .zip([stack, entry])
        .all(|(register, wanted)| read_msr(Msr::new(*register)) == wanted)
}

/// Lets SYSCALL and SYSENTER enter, with gs leading to this CPU's block. SYSENTER's stack is
/// the kernel's, but every exception that may come before the entry loads it has a stack of its own.
///
/// # Safety
/// The entries are stubs for these instructions.
pub(crate) unsafe fn load(cpu: &'static CpuBlock, entries: Entries) {
    let entries = ENTRIES.call_once(|| entries);
    let block = VirtAddr::new(cpu.address());
    let stack = cpu.kernel_stack.load(Relaxed);
    let sysenter = [u64::from(KERNEL_CODE.0), stack, entries.sysenter];
    // SAFETY: 1. The selectors are those of our descriptor table. 2. The caller's promise. 3. gs of the kernel is the block; that of user mode starts as 0.
    unsafe {
        Msr::new(MSR_STAR).write(star());
        Msr::new(MSR_CSTAR).write(entries.syscall32);
        for (register, value) in MSR_SYSENTER.into_iter().zip(sysenter) {
            Msr::new(register).write(value);
        }
        if !sysenter_is_whole(sysenter) {
            // Without a code segment the instruction is a fault of its program, whatever the CPU
            // makes of it.
            Msr::new(MSR_SYSENTER[0]).write(0);
        }
        Efer::update(|flags| flags.insert(EferFlags::SYSTEM_CALL_EXTENSIONS));
    }
    LStar::write(VirtAddr::new(entries.syscall));
    SFMask::write(CLEARED_FLAGS);
    GsBase::write(block);
    KernelGsBase::write(VirtAddr::zero());
}
