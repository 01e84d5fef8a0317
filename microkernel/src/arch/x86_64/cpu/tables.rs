//! Segments and the task state segment of one CPU.
//!
//! Order of the segments is fixed by SYSCALL, SYSRET and SYSENTER: kernel code, kernel data;
//! 32-bit user code, user data, user code. There is no local table and no 16-bit segment.
//!
//! Source: Intel SDM 3A, 5.8.8 "Fast System Calls in 64-Bit Mode".

use super::super::index;
use super::block::{CPUS, CpuBlock};
use super::local::PerCpu;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::machine::PortSpans;
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

/// The stacks of one CPU: their tops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stacks {
    /// For kernel code.
    pub(crate) kernel: u64,
    /// For what may come at any moment.
    pub(crate) interrupt: [u64; INTERRUPT_STACKS],
    /// Where its task state segment is: zeroed memory.
    pub(crate) task: u64,
}

/// The segments of each CPU. They stay where they are: the CPU holds their address.
static SEGMENTS: PerCpu<Segments> = PerCpu::new([const { Segments(spin::Once::new()) }; CPUS]);

#[repr(align(64))]
struct Segments(spin::Once<GlobalDescriptorTable<9>>);

/// Bytes of the map of ports: one bit each, and a last byte that the CPU wants to be ones.
const PORT_MAP: usize = 65_536 / 8 + 1;

/// The task state segment, which the CPU reads at each entry from user mode, and the map
/// that it reads at an instruction for a port.
///
/// Source: Intel SDM 1, 19.5.2 "I/O Permission Bit Map".
#[repr(C)]
pub(crate) struct Task {
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

/// The task state segment of a CPU: memory of its own, mapped for good at boot. Null for a CPU that
/// was not started.
fn task(cpu: &CpuBlock) -> *mut Task {
    core::ptr::with_exposed_provenance_mut(index(cpu.task.load(Relaxed)))
}

/// Changes the task state segment of a CPU, which reads it only in user mode and so never while
/// this runs.
///
/// # Safety
/// [`load`] was called for the CPU, and the caller runs on it with interrupts off.
#[inline(always)]
unsafe fn change(cpu: &CpuBlock, change: impl FnOnce(&mut Task)) {
    // SAFETY: it is mapped for good. Only its own CPU gets here, one call at a time, and
    // keeps no reference.
    change(unsafe { &mut *task(cpu) });
}

/// Fills the task state segment, which allows no port yet.
fn prepare(cpu: &CpuBlock, stacks: &Stacks) {
    cpu.task.store(stacks.task, Relaxed);
    let fill = |task: &mut Task| {
        task.segment = TaskStateSegment::new();
        task.segment.iomap_base = MAP_OFF;
        task.ports.fill(0xff);
        for (stack, top) in InterruptStack::ALL.into_iter().zip(stacks.interrupt) {
            task.segment.interrupt_stack_table[stack as usize] = VirtAddr::new(top);
        }
    };
    // SAFETY: `load` calls this on its own CPU at boot, with interrupts off.
    unsafe { change(cpu, fill) }
}

/// Sets where every entry from user mode pushes.
///
/// # Safety
/// As for [`change`]; and the address is the end of a frame that the entries of this CPU may
/// overwrite.
#[inline(always)]
pub(crate) unsafe fn set_entry_stack(cpu: &CpuBlock, end: u64) {
    cpu.frame_end.store(end, Relaxed);
    // SAFETY: the caller's promises; a frame's end is kernel memory, so canonical.
    unsafe {
        let end = VirtAddr::new_unsafe(end);
        change(cpu, |task| task.segment.privilege_stack_table[0] = end);
    }
}

/// Lets user mode use these ports in place of those held.
///
/// # Safety
/// As for [`change`].
pub(crate) unsafe fn allow_ports(cpu: &CpuBlock, held: &PortSpans, wanted: &PortSpans) {
    let set = |task: &mut Task| {
        set_bits(&mut task.ports, held, true);
        set_bits(&mut task.ports, wanted, false);
        let any = wanted.iter().any(|span| span.count > 0);
        task.segment.iomap_base = if any { MAP_ON } else { MAP_OFF };
    };
    // SAFETY: the caller's promises.
    unsafe { change(cpu, set) }
}

/// The top of one of a CPU's interrupt stacks; 0 for a CPU that was not started.
pub(crate) fn interrupt_stack(cpu: &CpuBlock, stack: InterruptStack) -> u64 {
    let task = task(cpu);
    if task.is_null() {
        return 0;
    }
    // SAFETY: mapped for good, and this part of it was written before the CPU ran.
    unsafe { (*task).segment.interrupt_stack_table[stack as usize] }.as_u64()
}

/// The descriptor of a CPU's task state segment: two entries of the table.
fn task_descriptor(cpu: &CpuBlock) -> Descriptor {
    const PRESENT: u64 = 1 << 47;
    const AVAILABLE_TASK: u64 = 0b1001 << 40;
    let base = cpu.task.load(Relaxed);
    let limit = TASK_BYTES - 1;
    let low = limit & 0xffff
        | (base & 0xff_ffff) << 16
        | AVAILABLE_TASK
        | PRESENT
        | (base >> 24 & 0xff) << 56;
    Descriptor::SystemSegment(low, base >> 32)
}

const _: () = assert!(TASK_BYTES <= 0x1_0000, "the limit fits into its lower part");

/// Makes and loads this CPU's tables.
pub(crate) fn load(cpu: &CpuBlock, stacks: &Stacks) {
    prepare(cpu, stacks);
    activate(SEGMENTS.of(cpu).0.call_once(|| segments(cpu)));
}

fn segments(cpu: &CpuBlock) -> GlobalDescriptorTable<9> {
    let mut segments = GlobalDescriptorTable::empty();
    for descriptor in [
        Descriptor::kernel_code_segment(),
        Descriptor::UserSegment(DescriptorFlags::KERNEL_DATA.bits()),
        Descriptor::UserSegment(DescriptorFlags::USER_CODE32.bits()),
        Descriptor::user_data_segment(),
        Descriptor::user_code_segment(),
        task_descriptor(cpu),
    ] {
        segments.append(descriptor);
    }
    segments
}

fn activate(segments: &'static GlobalDescriptorTable<9>) {
    segments.load();
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
/// fs has one too, for the thread pointer; gs has none. The bases are set by the caller.
pub(crate) fn load_user_data() {
    // SAFETY: 1. 64-bit kernel code uses neither ds nor es nor fs. 2. The table has this
    // segment.
    unsafe {
        DS::set_reg(USER_DATA);
        ES::set_reg(USER_DATA);
        FS::set_reg(USER_DATA);
    }
}
