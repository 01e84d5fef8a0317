//! Segments and the task state segment of one CPU.
//!
//! Order of the segments is fixed by SYSCALL and SYSRET: kernel code, kernel data; a place
//! for 32-bit user code, user data, user code.
//!
//! Source: Intel SDM 3A, 5.8.8 "Fast System Calls in 64-Bit Mode".

use super::block::CpuBlock;
use core::cell::UnsafeCell;
use x86_64::instructions::{
    segmentation::{CS, DS, ES, FS, GS, SS, Segment},
    tables::load_tss,
};
use x86_64::structures::gdt::{
    Descriptor, DescriptorFlags, GlobalDescriptorTable, SegmentSelector,
};
use x86_64::structures::tss::TaskStateSegment;
use x86_64::{PrivilegeLevel, VirtAddr};

/// Kernel code.
pub(crate) const KERNEL_CODE: SegmentSelector = SegmentSelector::new(1, PrivilegeLevel::Ring0);
/// Kernel stack.
pub(crate) const KERNEL_DATA: SegmentSelector = SegmentSelector::new(2, PrivilegeLevel::Ring0);
/// User stack.
pub(crate) const USER_DATA: SegmentSelector = SegmentSelector::new(4, PrivilegeLevel::Ring3);
/// User code.
pub(crate) const USER_CODE: SegmentSelector = SegmentSelector::new(5, PrivilegeLevel::Ring3);

/// Stacks for what may come at any moment, by their place in the task state segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InterruptStack {
    /// Non-maskable interrupts.
    Nmi = 0,
    /// Double faults.
    DoubleFault = 1,
    /// Machine checks.
    MachineCheck = 2,
    /// Debug exceptions.
    Debug = 3,
}

/// How many there are.
pub(crate) const INTERRUPT_STACKS: usize = InterruptStack::Debug as usize + 1;

impl InterruptStack {
    /// All of them.
    pub(crate) const ALL: [Self; INTERRUPT_STACKS] =
        [Self::Nmi, Self::DoubleFault, Self::MachineCheck, Self::Debug];
}

/// The tables. They stay where they are: the CPU holds their addresses.
pub(crate) struct Descriptors {
    segments: GlobalDescriptorTable<9>,
    task: &'static TaskSlot,
}

/// The task state segment, which the CPU reads at each entry from user mode.
struct TaskSlot(UnsafeCell<TaskStateSegment>);

// SAFETY: a slot is written only by its own CPU, with interrupts off.
unsafe impl Sync for TaskSlot {}

static TASKS: [TaskSlot; super::block::CPUS] =
    [const { TaskSlot(UnsafeCell::new(TaskStateSegment::new())) }; super::block::CPUS];

impl Descriptors {
    /// Makes and loads this CPU's tables.
    pub(crate) fn load(cpu: &'static CpuBlock, stacks: [u64; INTERRUPT_STACKS]) -> &'static Self {
        let task = &TASKS[usize::from(cpu.id().0)];
        for (stack, top) in InterruptStack::ALL.into_iter().zip(stacks) {
            // SAFETY: this CPU's own slot, which is not in use yet.
            unsafe { (*task.0.get()).interrupt_stack_table[stack as usize] = VirtAddr::new(top) };
        }
        let tables = cpu.descriptors.call_once(|| Self { segments: Self::segments(task), task });
        tables.activate();
        tables
    }

    fn segments(task: &'static TaskSlot) -> GlobalDescriptorTable<9> {
        let mut segments = GlobalDescriptorTable::empty();
        let no_segment = Descriptor::UserSegment(0);
        // SAFETY: the slots are static.
        let task = unsafe { Descriptor::tss_segment_unchecked(task.0.get()) };
        for descriptor in [
            Descriptor::kernel_code_segment(),
            Descriptor::UserSegment(DescriptorFlags::KERNEL_DATA.bits()),
            no_segment,
            Descriptor::user_data_segment(),
            Descriptor::user_code_segment(),
            task,
        ] {
            segments.append(descriptor);
        }
        segments
    }

    fn activate(&'static self) {
        self.segments.load();
        let none = SegmentSelector::NULL;
        // SAFETY: the table just loaded has these segments; data segments are not used in
        // 64-bit mode, so null is right for them; gs and fs bases are set after this.
        unsafe {
            CS::set_reg(KERNEL_CODE);
            SS::set_reg(KERNEL_DATA);
            DS::set_reg(none);
            ES::set_reg(none);
            FS::set_reg(none);
            GS::set_reg(none);
            load_tss(SegmentSelector::new(6, PrivilegeLevel::Ring0));
        }
    }

    /// Where the CPU pushes when an interrupt or exception hits user mode.
    pub(crate) fn set_entry_stack(&self, top: u64) {
        // SAFETY: this CPU's own slot; in kernel mode the CPU does not read it.
        unsafe { (*self.task.0.get()).privilege_stack_table[0] = VirtAddr::new_truncate(top) };
    }

    /// The top of one of the stacks of its own.
    pub(crate) fn interrupt_stack(&self, stack: InterruptStack) -> u64 {
        // SAFETY: as above.
        unsafe { (*self.task.0.get()).interrupt_stack_table[stack as usize] }.as_u64()
    }
}
