//! What the stubs call: each function names the event that brought the CPU in.

use super::super::cpu::block::{CpuBlock, this_cpu};
use super::super::cpu::frame::UserFrame;
use super::super::cpu::vectors;
use super::super::irq;
use super::super::mm::shootdown;
use super::dispatch::{dispatch, enter, finish};
use super::traps;
use core_kernel::{Entry, Fault};
use x86_64::registers::control::Cr2;

/// From `syscall_entry`.
pub(super) extern "C" fn syscall_arrived() -> ! {
    dispatch(this_cpu(), Entry::Syscall)
}

/// From the entries of 32-bit code. Only SYSENTER can come out of a 64-bit thread.
pub(super) extern "C" fn compat_arrived() -> ! {
    let kind = abi::FaultKind::IllegalInstruction;
    compat_call(this_cpu(), &Fault { kind, code: 0, address: 0 })
}

/// A call of 32-bit code; of a 64-bit thread it is a fault.
fn compat_call(cpu: &'static CpuBlock, otherwise: &Fault) -> ! {
    // SAFETY: the frame is the running thread's, filled by the stub; the core, on whatever
    // CPU, does not touch the frame of a thread that is current here.
    if unsafe { (*UserFrame::of(cpu)).accepts_compat() } {
        dispatch(cpu, Entry::CompatSyscall)
    }
    faulted(cpu, otherwise)
}

/// From `interrupt_entry`, in user mode.
pub(super) extern "C" fn interrupt_arrived() -> ! {
    let cpu = this_cpu();
    // The address must be read before anything else can fault.
    let address = Cr2::read_raw();
    // SAFETY: the stub just filled the running thread's frame, which only this CPU uses now: it lies
    // in memory of its own, to which the core makes no reference while the thread runs.
    let trap = unsafe { &mut (*UserFrame::of(cpu)).trap };
    if trap.vector >= u64::from(vectors::FIRST_INTERRUPT)
        && trap.vector != u64::from(vectors::COMPAT_CALL)
    {
        let interrupt = irq::acknowledge(trap.vector, cpu);
        dispatch(cpu, Entry::Interrupt(interrupt))
    }
    if trap.vector == u64::from(vectors::COMPAT_CALL) {
        compat_call(cpu, &vectors::forbidden_gate(vectors::COMPAT_CALL))
    }
    if trap.vector == u64::from(vectors::VECTOR_USE) {
        dispatch(cpu, Entry::VectorUse)
    }
    let fault = traps::fault(trap, address, cpu);
    faulted(cpu, &fault)
}

/// The thread did something wrong, or used a page while another CPU split it.
fn faulted(cpu: &'static CpuBlock, fault: &Fault) -> ! {
    let kernel = enter(cpu);
    if shootdown::is_mapped_again(cpu, fault) {
        finish(kernel, cpu, Entry::Interrupt(None))
    }
    finish(kernel, cpu, Entry::Fault(fault))
}
