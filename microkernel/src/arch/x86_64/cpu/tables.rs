//! Segments and the task state segment of one CPU.
//!
//! Order of the segments is fixed by SYSCALL, SYSRET and SYSENTER: kernel code, kernel data;
//! 32-bit user code, user data, user code. There is no local table and no 16-bit segment.
//!
//! Source: Intel SDM 3A, 5.8.8 "Fast System Calls in 64-Bit Mode".

use super::Stacks;
use super::block::CpuBlock;
use core_kernel::object::PortSpans;
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
/// 32-bit user code.
pub(crate) const USER_CODE_32: SegmentSelector = SegmentSelector::new(3, PrivilegeLevel::Ring3);
/// User stack, and all data of 32-bit code.
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
    task: TaskPlace,
}

/// Bytes of the map of ports: one bit each, and a last byte that the CPU wants to be ones.
const PORT_MAP: usize = 65_536 / 8 + 1;

/// The task state segment, which the CPU reads at each entry from user mode, and the map
/// that it reads at an instruction for a port.
///
/// Source: Intel SDM 1, 19.5.2 "I/O Permission Bit Map".
#[repr(C)]
struct Task {
    segment: TaskStateSegment,
    /// Bit clear: user mode may use the port.
    ports: [u8; PORT_MAP],
}

/// Its size.
pub(crate) const TASK_BYTES: u64 = size_of::<Task>() as u64;
/// Where the map is, when it counts; and behind the segment's end, when no port is allowed.
const MAP_ON: u16 = 104;
const MAP_OFF: u16 = u16::MAX;
const _: () = assert!(core::mem::offset_of!(Task, ports) == MAP_ON as usize);

/// Where a CPU's task state segment is: memory of its own, mapped for good at boot.
#[derive(Clone, Copy)]
struct TaskPlace(*mut Task);

// SAFETY: 1. the memory is written only by its own CPU, with interrupts off, through the
// functions below. 2. No reference to it is kept.
unsafe impl Send for TaskPlace {}
// SAFETY: as above.
unsafe impl Sync for TaskPlace {}

impl TaskPlace {
    /// The CPU reads it while this runs only in user mode, so never.
    fn change(self, change: impl FnOnce(&mut Task)) {
        // SAFETY: mapped for good; its own CPU, in kernel mode with interrupts off.
        change(unsafe { &mut *self.0 });
    }

    /// Its descriptor: two entries of the table.
    fn descriptor(self) -> Descriptor {
        const PRESENT: u64 = 1 << 47;
        const AVAILABLE_TASK: u64 = 0b1001 << 40;
        let base = self.0.expose_provenance() as u64;
        let limit = TASK_BYTES - 1;
        let low = limit & 0xffff
            | (base & 0xff_ffff) << 16
            | AVAILABLE_TASK
            | PRESENT
            | (base >> 24 & 0xff) << 56;
        Descriptor::SystemSegment(low, base >> 32)
    }
}

const _: () = assert!(TASK_BYTES <= 0x1_0000, "the limit fits into its lower part");

impl Descriptors {
    /// Makes and loads this CPU's tables.
    pub(crate) fn load(cpu: &'static CpuBlock, stacks: &Stacks) -> &'static Self {
        let task =
            TaskPlace(core::ptr::with_exposed_provenance_mut(super::super::index(stacks.task)));
        task.change(|task| {
            task.segment = TaskStateSegment::new();
            task.segment.iomap_base = MAP_OFF;
            task.ports.fill(0xff);
            for (stack, top) in InterruptStack::ALL.into_iter().zip(stacks.interrupt) {
                task.segment.interrupt_stack_table[stack as usize] = VirtAddr::new(top);
            }
        });
        let tables = cpu.descriptors.call_once(|| Self { segments: Self::segments(task), task });
        tables.activate();
        tables
    }

    fn segments(task: TaskPlace) -> GlobalDescriptorTable<9> {
        let mut segments = GlobalDescriptorTable::empty();
        for descriptor in [
            Descriptor::kernel_code_segment(),
            Descriptor::UserSegment(DescriptorFlags::KERNEL_DATA.bits()),
            Descriptor::UserSegment(DescriptorFlags::USER_CODE32.bits()),
            Descriptor::user_data_segment(),
            Descriptor::user_code_segment(),
            task.descriptor(),
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
            // Without this the CPU takes what is at address 0 for the local table.
            core::arch::asm!("lldt {:x}", in(reg) none.0, options(nostack, nomem));
        }
    }

    /// Where the CPU pushes when an interrupt or exception hits user mode.
    pub(crate) fn set_entry_stack(&self, top: u64) {
        self.task.change(|task| {
            task.segment.privilege_stack_table[0] = VirtAddr::new_truncate(top);
        });
    }

    /// Lets user mode use these ports in place of those it was let.
    pub(crate) fn allow_ports(&self, held: &PortSpans, wanted: &PortSpans) {
        self.task.change(|task| {
            set_bits(&mut task.ports, held, true);
            set_bits(&mut task.ports, wanted, false);
            let any = wanted.iter().any(|span| span.count > 0);
            task.segment.iomap_base = if any { MAP_ON } else { MAP_OFF };
        });
    }

    /// The top of one of the stacks of its own.
    pub(crate) fn interrupt_stack(&self, stack: InterruptStack) -> u64 {
        // SAFETY: its own CPU, in kernel mode.
        unsafe { (*self.task.0).segment.interrupt_stack_table[stack as usize] }.as_u64()
    }
}

fn set_bits(map: &mut [u8; PORT_MAP], spans: &PortSpans, forbid: bool) {
    for span in spans {
        let first = usize::from(span.first);
        for port in (first..).take(span.count as usize) {
            // The last byte is not a port's.
            if let Some(byte) = map[..PORT_MAP - 1].get_mut(port / 8) {
                let bit = 1 << (port % 8);
                *byte = if forbid { *byte | bit } else { *byte & !bit };
            }
        }
    }
}

/// Gives 32-bit code its data segments: 64-bit code works with any, and leaves any behind.
/// fs and gs have none; their bases are set by whoever leaves.
pub(crate) fn load_user_data() {
    // SAFETY: 1. 64-bit kernel code uses neither ds nor es nor fs. 2. The table has this
    // segment.
    unsafe {
        DS::set_reg(USER_DATA);
        ES::set_reg(USER_DATA);
        FS::set_reg(SegmentSelector::NULL);
    }
}
