//! The stacks of a CPU, and its task state segment.

use super::super::cpu::block::block;
use super::super::cpu::tables::{INTERRUPT_STACKS, Stacks, TASK_BYTES};
use super::super::mm::boot_frames::BootFrames;
use super::super::mm::layout::{STACK_PAGES, STACK_SLOT, STACK_TOP_RESERVE};
use super::super::mm::space::KernelSpace;
use core_kernel::CpuId;

/// Pages of a task state segment with its map of ports.
const TASK_PAGES: u64 = 3;
const _: () = assert!(TASK_BYTES + STACK_TOP_RESERVE <= TASK_PAGES * abi::PAGE_SIZE);

/// Pages of a stack for what may come at any moment: enough to tell of a panic on it.
const INTERRUPT_STACK_PAGES: u64 = 4;

/// Maps the stacks of a CPU.
pub(super) fn map(cpu: CpuId, space: &mut KernelSpace, frames: &mut BootFrames) -> Stacks {
    let owner = block(cpu).address();
    let kernel = space.map_stack(owner, STACK_PAGES, frames);
    let interrupt =
        [(); INTERRUPT_STACKS].map(|()| space.map_stack(owner, INTERRUPT_STACK_PAGES, frames));
    let task_top = space.map_stack(owner, TASK_PAGES, frames);
    Stacks {
        kernel,
        interrupt,
        task: task_top & !(STACK_SLOT - 1) | (STACK_SLOT - TASK_PAGES * abi::PAGE_SIZE),
    }
}
