//! Between the stubs and the core: save, acquire, handle, leave.
//!
//! A stub has saved the registers in the thread's frame and calls a function here, which names the
//! event. [`dispatch`] acquires the kernel, lets the core handle the event, and returns to user
//! mode. What is rare, an interrupt window, a halt, the end of the machine, is in [`slow_exit`].

use super::super::cpu::block::{CpuBlock, this_cpu};
use super::super::cpu::frame::UserFrame;
use super::super::cpu::{debug_registers, vectors};
use super::super::mm::{shootdown, table::Table};
use super::super::{checks, irq};
use super::held::HeldKernel;
use super::lock::{self, Core};
use super::{halt, leave, traps};
use abi::DebugRegisters;
use core_kernel::{Entry, ExitAction, Fault, Switch};
use x86_64::registers::control::Cr2;

/// What is left to do for this CPU: a window if there is no action, and the fault of a thread that
/// could not be returned to.
type Rest = Option<ExitAction<Fault>>;

/// Publishes the core: from now on CPUs may [`join`].
pub(crate) fn publish(kernel: Core) {
    lock::publish(kernel);
}

/// A CPU's first way into the core.
pub(crate) fn join(cpu: &'static CpuBlock) -> ! {
    debug_registers::load_for(cpu, &DebugRegisters::default());
    finish(HeldKernel::acquire(cpu), cpu, Entry::Resume)
}

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
    // SAFETY: the stub just filled the running thread's frame, which only this CPU uses now. A
    // reference to the whole thread that another CPU has does not exclude this one, see
    // `UserFrame`.
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

/// One event from user mode, up to the return to user mode.
#[inline(always)]
fn dispatch(cpu: &'static CpuBlock, entry: Entry<'_>) -> ! {
    finish(enter(cpu), cpu, entry)
}

/// The beginning of every entry from user mode: acquires the kernel.
#[inline(always)]
fn enter(cpu: &CpuBlock) -> HeldKernel {
    // SAFETY: the frame is the running thread's, filled by the stub; the core, on whatever
    // CPU, does not touch the frame of a thread that is current here.
    let wrong = checks::at_entry(cpu, || unsafe { &(*UserFrame::of(cpu)).trap });
    let mut kernel = HeldKernel::acquire(cpu);
    checks::inside(cpu);
    if let Some(wrong) = wrong {
        kernel.report(format_args!("entry: {wrong}"));
    }
    if let Some(fault) = traps::left_over(cpu) {
        kernel.note_fault(cpu.id(), &fault);
    }
    kernel
}

/// Lets the core handle the event, and leaves. Nearly always another thread or the same one goes on.
#[inline(always)]
fn finish(mut kernel: HeldKernel, cpu: &'static CpuBlock, entry: Entry<'_>) -> ! {
    // Each rest is built where it is known, so that the way to user mode is in no memory.
    match kernel.handle(cpu.id(), entry) {
        Some(ExitAction::User(switch)) => {
            let cpu = this_cpu();
            let fault = return_to_user(kernel, cpu, switch);
            slow_exit(enter(cpu), cpu, Some(ExitAction::User(fault)))
        }
        Some(ExitAction::Idle) => slow_exit(kernel, this_cpu(), Some(ExitAction::Idle)),
        Some(ExitAction::Shutdown(code)) => halt::shut_down(&kernel, code),
        None => slow_exit(kernel, this_cpu(), None),
    }
}

/// Any other way out, and those that take several sections under the kernel lock.
#[inline(never)]
fn slow_exit(mut kernel: HeldKernel, cpu: &'static CpuBlock, mut rest: Rest) -> ! {
    loop {
        let fault;
        let entry = match rest {
            None => {
                kernel.open_window();
                Entry::Resume
            }
            Some(ExitAction::User(refused)) => {
                fault = refused;
                Entry::Fault(&fault)
            }
            Some(ExitAction::Idle) => {
                kernel = halt::until_interrupt(kernel, cpu);
                Entry::Wake
            }
            Some(ExitAction::Shutdown(code)) => halt::shut_down(&kernel, code),
        };
        rest = match kernel.handle(cpu.id(), entry) {
            None => None,
            Some(ExitAction::User(switch)) => {
                let fault = return_to_user(kernel, cpu, switch);
                kernel = enter(cpu);
                Some(ExitAction::User(fault))
            }
            Some(ExitAction::Idle) => Some(ExitAction::Idle),
            Some(ExitAction::Shutdown(code)) => Some(ExitAction::Shutdown(code)),
        };
    }
}

/// Returns to user mode. If the thread's RIP is not canonical, IRET would fault: then it comes
/// back with the fault of the thread, as if the thread had tried.
///
/// ORDER: the root is loaded before the kernel is released, so that no other CPU finds a space
/// unused that is about to be used. A halted CPU uses none and gets no TLB shootdown.
#[inline(always)]
fn return_to_user(mut kernel: HeldKernel, cpu: &CpuBlock, switch: Switch<UserFrame>) -> Fault {
    let Switch { frame, root, .. } = switch;
    if let Some(place) = checks::held_lock(cpu) {
        kernel.report(format_args!("a lock is held on the way out: {place}"));
    }
    checks::outside(cpu);
    // SAFETY: 1. The core chose the thread, and its borrow of the frame is over. 2. It
    // chooses only threads of living processes, whose root this is.
    unsafe {
        shootdown::switch_to(cpu, Table::new(root));
        leave::load(cpu, frame);
    }
    drop(kernel);
    // SAFETY: the core chose this thread, with interrupts off since; its frame is loaded, its
    // space is the active one, and no reference to the frame exists.
    unsafe { leave::enter_user(frame, cpu) };
    // SAFETY: the thread is current here, so its frame is this CPU's.
    let address = unsafe { (*frame).trap.rip };
    Fault { kind: abi::FaultKind::Protection, code: 0, address }
}
