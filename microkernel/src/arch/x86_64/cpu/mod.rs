//! One CPU: its block, tables, features and system-call registers.

pub(crate) mod block;
pub(crate) mod debug_registers;
pub(crate) mod features;
pub(crate) mod idt;
pub(crate) mod machine_check;
pub(crate) mod syscall_registers;
pub(crate) mod tables;
pub(crate) mod vector;
pub(crate) mod weaknesses;

use super::boot::BootFrames;
use super::mm::layout::{STACK_PAGES, STACK_SLOT, STACK_TOP_RESERVE};
use super::mm::space::KernelSpace;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::CpuId;
use x86_64::VirtAddr;
use x86_64::registers::model_specific::{FsBase, Msr};

pub(crate) use block::{CpuBlock, block, others, running, this_cpu};

/// The stacks of one CPU: their tops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stacks {
    /// For kernel code.
    pub(crate) kernel: u64,
    /// For what may come at any moment.
    pub(crate) interrupt: [u64; tables::INTERRUPT_STACKS],
    /// Where its task state segment is: zeroed memory.
    pub(crate) task: u64,
}

/// Pages of a task state segment with its map of ports.
const TASK_PAGES: u64 = 3;
const _: () = assert!(tables::TASK_BYTES + STACK_TOP_RESERVE <= TASK_PAGES * abi::PAGE_SIZE);

/// Pages of a stack for what may come at any moment: enough to tell of a panic on it.
const INTERRUPT_STACK_PAGES: u64 = 4;

impl Stacks {
    /// Makes the stacks of a CPU.
    pub(crate) fn map(cpu: CpuId, space: &mut KernelSpace, frames: &mut BootFrames) -> Self {
        let owner = block(cpu).address();
        let kernel = space.map_stack(owner, STACK_PAGES, frames);
        let interrupt = [(); tables::INTERRUPT_STACKS]
            .map(|()| space.map_stack(owner, INTERRUPT_STACK_PAGES, frames));
        let task_top = space.map_stack(owner, TASK_PAGES, frames);
        Self {
            kernel,
            interrupt,
            task: task_top & !(STACK_SLOT - 1) | (STACK_SLOT - TASK_PAGES * abi::PAGE_SIZE),
        }
    }
}

/// Makes this CPU ready for interrupts and system calls; interrupts stay off.
pub(crate) fn init(cpu: CpuId, stacks: Stacks) {
    let block = block(cpu);
    block.this.store(block.address(), Relaxed);
    block.kernel_stack.store(stacks.kernel, Relaxed);
    block.active_root.store(super::mm::table::active().frame().0, Relaxed);
    tables::Segments::load(block, &stacks);
    idt::load();
    syscall_registers::load(block);
    features::enable_protection();
    weaknesses::protect();
    block.fsgsbase.store(features::features().fsgsbase, Relaxed);
    // As every thread begins; kernel code does not use fs.
    FsBase::write(VirtAddr::zero());
    vector::enable();
    machine_check::enable();
}

/// Reads a register that every x86_64 has.
pub(crate) fn read_msr(register: Msr) -> u64 {
    // SAFETY: reading a register that exists changes nothing.
    unsafe { register.read() }
}
