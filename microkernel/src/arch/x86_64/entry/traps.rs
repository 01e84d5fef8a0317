//! Debug exceptions and machine checks: both can come at any instruction.
//!
//! From user mode they are faults like others, and `stubs::own_stack_entry` has moved their
//! frame into the thread. From kernel mode they are like a non-maskable interrupt: on their
//! own stack, with a gs that may be the user's; they note what happened and go on.

use super::super::cpu::{CpuBlock, debug_registers, machine_check};
use super::super::panic;
use super::frame::Trap;
use super::{compat, vectors, watch};
use abi::FaultKind;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::Fault;
use machine_check::Verdict;
use x86_64::registers::rflags::RFlags;

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

/// In kernel mode: counts it, and keeps what the thread is to be told.
///
/// ORDER: nothing is watched for until the end, so that this cannot hit itself.
pub(super) fn debug_in_kernel(trap: &mut Trap, cpu: &CpuBlock) {
    let control = debug_registers::control();
    debug_registers::set_control(0);
    trap.error = debug_registers::take_causes();
    cpu.debugs.fetch_add(1, Relaxed);
    cpu.debug_stack.store(core::ptr::from_ref(trap).expose_provenance() as u64, Relaxed);
    cpu.debug_causes.fetch_or(debug_registers::in_user_space(trap.error), Relaxed);
    pass_breakpoint(trap, control);
    watch::fired(trap.error);
    compat::step_over_sysenter(trap);
    // Kernel code is not stepped through.
    trap.rflags &= !RFlags::TRAP_FLAG.bits();
    debug_registers::set_control(control);
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
    cpu.machine_checks.fetch_add(1, Relaxed);
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
