//! Between the stubs and the core: save, acquire, handle, leave.
//!
//! A stub has saved the registers in the thread's frame, and [`arrivals`](super::arrivals) has named
//! the event. [`dispatch`] acquires the kernel, lets the core handle the event, and returns to user
//! mode. What is rare, an interrupt window, a halt, the end of the machine, is in [`slow_exit`].

use super::super::checks;
use super::super::cpu::block::{CpuBlock, this_cpu};
use super::super::cpu::debug_registers;
use super::super::cpu::frame::UserFrame;
use super::held::HeldKernel;
use super::leave::return_to_user;
use super::lock::{self, Core};
use super::{halt, traps};
use abi::DebugRegisters;
use core_kernel::{Entry, ExitAction, Fault};

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

/// One event from user mode, up to the return to user mode.
#[inline(always)]
pub(super) fn dispatch(cpu: &'static CpuBlock, entry: Entry<'_>) -> ! {
    finish(enter(cpu), cpu, entry)
}

/// The beginning of every entry from user mode: acquires the kernel.
#[inline(always)]
pub(super) fn enter(cpu: &CpuBlock) -> HeldKernel {
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
pub(super) fn finish(mut kernel: HeldKernel, cpu: &'static CpuBlock, entry: Entry<'_>) -> ! {
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
