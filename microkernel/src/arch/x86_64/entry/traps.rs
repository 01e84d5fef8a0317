//! Debug exceptions and machine checks: both can come at any instruction.
//!
//! From user mode they are faults like others, and `stubs::own_stack_entry` has moved their
//! frame into the thread. From kernel mode they are like a non-maskable interrupt: on their
//! own stack, with a gs that may be the user's; they note what happened and go on.

use super::super::cpu::block::{CPUS, CpuBlock, running};
use super::super::cpu::frame::Trap;
use super::super::cpu::local::PerCpu;
use super::super::cpu::syscall_registers::entries;
use super::super::cpu::{debug_registers, machine_check, vectors};
use super::super::{panic, probe};
use abi::FaultKind;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core_kernel::Fault;
use machine_check::Verdict;
use x86_64::registers::rflags::RFlags;

/// What one CPU noted of exceptions in kernel mode.
#[repr(align(64))]
pub(crate) struct Traps {
    /// Non-maskable interrupts, in user mode too.
    pub(crate) nmis: AtomicU64,
    /// The stack pointer at the last of them.
    pub(crate) nmi_stack: AtomicU64,
    /// Debug exceptions.
    pub(crate) debugs: AtomicU64,
    /// The stack pointer at the last of them.
    pub(crate) debug_stack: AtomicU64,
    /// Machine checks that it survived.
    machine_checks: AtomicU64,
}

/// Those of all CPUs.
pub(crate) static TRAPS: PerCpu<Traps> = PerCpu::new(
    [const {
        Traps {
            nmis: AtomicU64::new(0),
            nmi_stack: AtomicU64::new(0),
            debugs: AtomicU64::new(0),
            debug_stack: AtomicU64::new(0),
            machine_checks: AtomicU64::new(0),
        }
    }; CPUS],
);

/// Logs what all CPUs noted. A test reads the line.
pub(super) fn tell() {
    let count = |counter: fn(&Traps) -> &AtomicU64| {
        running().map(|cpu| counter(TRAPS.of(cpu)).load(Relaxed)).sum::<u64>()
    };
    defmt::debug!(
        "in the kernel: {=u64} non-maskable interrupts, {=u64} debug exceptions, {=u64} machine checks",
        count(|traps| &traps.nmis),
        count(|traps| &traps.debugs),
        count(|traps| &traps.machine_checks)
    );
}

/// A non-maskable interrupt: another CPU panics, or it is only counted.
pub(super) fn nmi(trap: &Trap, cpu: &CpuBlock) {
    panic::stop_if_wanted();
    let traps = TRAPS.of(cpu);
    traps.nmis.fetch_add(1, Relaxed);
    traps.nmi_stack.store(core::ptr::from_ref(trap).expose_provenance() as u64, Relaxed);
}

/// What the thread did, or what happened to it, in user mode.
pub(super) fn fault(trap: &mut Trap, address: u64, cpu: &CpuBlock) -> Fault {
    match trap.vector.to_le_bytes()[0] {
        vectors::DEBUG => {
            let control = cpu.debug_control.load(Relaxed);
            trap.error = debug_registers::take_causes();
            pass_breakpoint(trap, control);
            debug_registers::set_control(control);
        }
        vectors::MACHINE_CHECK => {
            survive(trap);
            debug_registers::set_control(cpu.debug_control.load(Relaxed));
        }
        vectors::BREAKPOINT => trap.error = cpu.debug_causes.swap(0, Relaxed),
        _ => {}
    }
    vectors::fault(trap.vector, trap.error, address)
}

/// A breakpoint fires before its instruction: without the resume flag for ever.
fn pass_breakpoint(trap: &mut Trap, control: u64) {
    if debug_registers::is_breakpoint(trap.error, control) {
        trap.rflags |= RFlags::RESUME_FLAG.bits();
    }
}

fn survive(trap: &Trap) {
    if machine_check::take() == Verdict::Fatal {
        panic::exception(trap)
    }
}

/// In kernel mode: counts it, and keeps what the thread's handler will be told.
///
/// ORDER: nothing is watched for until the end, so that this cannot hit itself.
pub(super) fn debug_in_kernel(trap: &mut Trap, cpu: &CpuBlock) {
    let control = debug_registers::control();
    debug_registers::set_control(0);
    trap.error = debug_registers::take_causes();
    let traps = TRAPS.of(cpu);
    traps.debugs.fetch_add(1, Relaxed);
    traps.debug_stack.store(core::ptr::from_ref(trap).expose_provenance() as u64, Relaxed);
    cpu.debug_causes.fetch_or(debug_registers::in_user_space(trap.error), Relaxed);
    pass_breakpoint(trap, control);
    probe::exception_in_kernel(trap);
    step_over_sysenter(trap);
    // Kernel code is not stepped through.
    trap.rflags &= !RFlags::TRAP_FLAG.bits();
    debug_registers::set_control(control);
}

/// A debug exception in kernel mode: if it is the single step of a user over SYSENTER, which
/// does not clear TF and so traps before the first instruction of the kernel, the entry goes
/// on in its twin, and the user has TF again afterwards.
///
/// Called with gs still the user's.
fn step_over_sysenter(trap: &mut Trap) {
    if let Some(entries) = entries()
        && trap.rip == entries.sysenter
        && trap.rflags & RFlags::TRAP_FLAG.bits() != 0
    {
        trap.rip = entries.stepped_sysenter;
    }
}

/// Does something while nothing is watched for: in a handler that may come within that of a
/// debug exception, another one would overwrite the frame of the first.
pub(super) fn unwatched(work: impl FnOnce()) {
    let control = debug_registers::control();
    debug_registers::set_control(0);
    work();
    debug_registers::set_control(control);
}

/// In kernel mode: goes on, if the CPU can.
pub(super) fn machine_check_in_kernel(trap: &Trap, cpu: &CpuBlock) {
    survive(trap);
    TRAPS.of(cpu).machine_checks.fetch_add(1, Relaxed);
}

/// What a watched access of the thread fired while the CPU was on its way into the kernel
/// (CVE-2018-8897): its fault, to be told beside what it came for.
pub(super) fn left_over(cpu: &CpuBlock) -> Option<Fault> {
    if cpu.debug_causes.load(Relaxed) == 0 {
        return None;
    }
    let code = cpu.debug_causes.swap(0, Relaxed);
    Some(Fault { kind: FaultKind::Debug, code, address: 0 })
}
