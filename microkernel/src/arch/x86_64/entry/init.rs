//! Making a CPU ready to enter the kernel.

use super::super::cpu::block::{CpuBlock, block};
use super::super::cpu::syscall_registers::Entries;
use super::super::cpu::tables::{self, Stacks};
use super::super::cpu::{features, idt, machine_check, syscall_registers, vector, weaknesses};
use super::super::mm::table;
use super::super::probe;
use super::{compat, stubs};
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::CpuId;
use x86_64::VirtAddr;
use x86_64::registers::model_specific::FsBase;

/// Fills the table of interrupts. Once, before any CPU is made ready.
pub(crate) fn fill_interrupt_table() {
    // SAFETY: the stubs of `stubs` are made for this, one for each vector.
    unsafe { idt::fill(stubs::stub_address) };
}

/// Makes this CPU ready for interrupts and system calls; interrupts stay off. Returns its block.
pub(crate) fn init(cpu: CpuId, stacks: &Stacks) -> &'static CpuBlock {
    let block = block(cpu);
    block.this.store(block.address(), Relaxed);
    block.kernel_stack.store(stacks.kernel, Relaxed);
    block.active_root.store(table::active().frame().address(), Relaxed);
    tables::load(block, stacks);
    idt::load();
    let entries = Entries {
        syscall: stubs::syscall_entry as *const () as u64,
        syscall32: compat::syscall32_entry as *const () as u64,
        sysenter: compat::sysenter_entry as *const () as u64,
        stepped_sysenter: compat::stepped_sysenter_entry as *const () as u64,
    };
    // SAFETY: each is the stub of its instruction.
    unsafe { syscall_registers::load(block, entries) };
    features::enable_protection();
    weaknesses::protect();
    block.fsgsbase.store(features::features().fsgsbase, Relaxed);
    // As every thread begins; kernel code does not use fs.
    FsBase::write(VirtAddr::zero());
    vector::enable(probe::vectors::reads_locked);
    machine_check::enable();
    block
}
