//! The registers behind SYSCALL and gs.

use super::super::entry::stubs::syscall_entry;
use super::block::CpuBlock;
use super::tables::{KERNEL_CODE, USER_CODE};
use x86_64::VirtAddr;
use x86_64::registers::control::{Efer, EferFlags};
use x86_64::registers::model_specific::{GsBase, KernelGsBase, LStar, Msr, SFMask};
use x86_64::registers::rflags::RFlags;

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

/// The value of STAR.
pub(crate) const fn star() -> u64 {
    SYSRET_BASE << 48 | (KERNEL_CODE.0 as u64) << 32
}

/// Lets SYSCALL enter, with gs leading to this CPU's block.
pub(crate) fn load(cpu: &'static CpuBlock) {
    let block = VirtAddr::new(cpu.address());
    // SAFETY: 1. The selectors are those of our descriptor table. 2. The entry stub is the
    // counterpart of all this. 3. gs of the kernel is the block; that of user mode starts as 0.
    unsafe {
        Msr::new(MSR_STAR).write(star());
        Efer::update(|flags| flags.insert(EferFlags::SYSTEM_CALL_EXTENSIONS));
    }
    LStar::write(VirtAddr::new(syscall_entry as *const () as u64));
    SFMask::write(CLEARED_FLAGS);
    GsBase::write(block);
    KernelGsBase::write(VirtAddr::zero());
}
