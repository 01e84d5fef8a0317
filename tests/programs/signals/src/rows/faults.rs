//! Faults that become signals, and the alternate stack.

use crate::context::{Context, Outcome, equal, set};
use abi::FaultKind;
use core::sync::atomic::{AtomicU64, Ordering};
use proc_api::{Cause, ExitStatus, Fault, Flags, Info, Signal};
use sys::hazard;
use sys::upcall::SavedFrame;

/// Nothing is ever mapped there.
const NOWHERE: u32 = 0x1234;

fn touch_nowhere() {
    #[cfg(target_arch = "x86_64")]
    let byte = hazard::read(NOWHERE.into());
    #[cfg(target_arch = "x86")]
    let byte = hazard::read(NOWHERE);
    rt::exit(byte.into())
}

fn fault_of(info: &Info) -> Option<Fault> {
    match info.cause {
        Cause::Fault(fault) => Some(fault),
        _ => None,
    }
}

/// Ends well when all about the fault is right.
pub(crate) fn segv_child(context: &Context<'_>) -> Outcome {
    context.signals.handle(Signal::SEGV, Flags::NONE, |info, frame| {
        let right = fault_of(info).is_some_and(|fault| {
            fault.kind == FaultKind::Page as u64
                && fault.code == 0
                && fault.address == NOWHERE.into()
                && fault.instruction == frame.rip
        });
        rt::exit(if right { 3 } else { 4 })
    })?;
    touch_nowhere();
    Ok(())
}

pub(crate) fn segv(context: &Context<'_>) -> Outcome {
    context.ends("segv", ExitStatus::Exited(3))
}

/// Its handler changes nothing.
pub(crate) fn useless_child(context: &Context<'_>) -> Outcome {
    context.signals.handle(Signal::SEGV, Flags::NONE, |_, _| {})?;
    touch_nowhere();
    Ok(())
}

pub(crate) fn blocked_child(context: &Context<'_>) -> Outcome {
    context.signals.handle(Signal::SEGV, Flags::NONE, |_, _| rt::exit(1))?;
    context.signals.block(set(&[Signal::SEGV]))?;
    touch_nowhere();
    Ok(())
}

fn faults(context: &Context<'_>, role: &str) -> Outcome {
    let pid = context.child(role)?;
    match context.ended(pid)? {
        ExitStatus::Faulted { signal: 11, address, .. } => equal(address, NOWHERE.into()),
        other => equal(other, ExitStatus::Killed(Signal::SEGV.number())),
    }
}

pub(crate) fn useless(context: &Context<'_>) -> Outcome {
    faults(context, "segv-useless")
}

pub(crate) fn blocked(context: &Context<'_>) -> Outcome {
    faults(context, "segv-blocked")
}

/// Undefined, division and breakpoint, each once; the handlers of the first two end it, so
/// each has a child of its own: which it is comes with a signal.
#[cfg(target_arch = "x86_64")]
pub(crate) fn instructions_child(context: &Context<'_>) -> Outcome {
    use hazard::Instruction;
    let all = set(&[Signal::ILL, Signal::FPE, Signal::TRAP]);
    for signal in all.iter() {
        context.signals.handle(signal, Flags::NONE, |info, frame| {
            let here = fault_of(info).is_some_and(|fault| fault.instruction == frame.rip);
            rt::exit(u64::from(info.signal.number()) + if here { 100 } else { 0 })
        })?;
    }
    context.signals.block(set(&[Signal::USR1]))?;
    context.say_ready(0)?;
    match context.signals.wait(set(&[Signal::USR1]))?.cause {
        Cause::Queued { value: 4, .. } => Instruction::Undefined.run(),
        Cause::Queued { value: 8, .. } => Instruction::Divide.run(),
        _ => Instruction::Breakpoint.run(),
    }
    Ok(())
}

#[cfg(target_arch = "x86_64")]
pub(crate) fn instructions(context: &Context<'_>) -> Outcome {
    for signal in [Signal::ILL, Signal::FPE, Signal::TRAP] {
        let number = u64::from(signal.number());
        let pid = context.ready_child("instructions")?;
        context.queue(pid, Signal::USR1, number)?;
        equal(context.ended(pid)?, ExitStatus::Exited(100 + number))?;
    }
    Ok(())
}

#[cfg(target_arch = "x86_64")]
pub(crate) fn trap_goes_on(context: &Context<'_>) -> Outcome {
    context.note(Signal::TRAP, Flags::NONE)?;
    for times in 1..=3 {
        hazard::Instruction::Breakpoint.run();
        equal(crate::context::count(Signal::TRAP), times)?;
    }
    Ok(())
}

/// Runs out of stack; only on another one can it handle that.
#[cfg(target_arch = "x86_64")]
pub(crate) fn overflow_child(context: &Context<'_>) -> Outcome {
    context.signals.alternate_stack(4)?;
    context.signals.handle(Signal::SEGV, Flags::ONSTACK, |_, _| rt::exit(8))?;
    hazard::exhaust_stack();
    Ok(())
}

#[cfg(target_arch = "x86_64")]
pub(crate) fn overflow(context: &Context<'_>) -> Outcome {
    context.ends("overflow", ExitStatus::Exited(8))
}

/// How far the handler's stack was from the thread's.
static FAR: AtomicU64 = AtomicU64::new(0);

fn measure(_: &Info, frame: &SavedFrame) {
    let here = 0_u8;
    let here = core::ptr::from_ref(&here).addr() as u64;
    FAR.store(frame.rsp.abs_diff(here), Ordering::Relaxed);
}

pub(crate) fn alternate_stack(context: &Context<'_>) -> Outcome {
    const NEAR: u64 = 16 * 1024;
    context.signals.alternate_stack(8)?;
    context.signals.handle(Signal::USR1, Flags::ONSTACK, measure)?;
    context.signals.handle(Signal::USR2, Flags::NONE, measure)?;
    for (signal, near) in [(Signal::USR1, false), (Signal::USR2, true), (Signal::USR1, false)] {
        context.raise(signal)?;
        equal(FAR.load(Ordering::Relaxed) < NEAR, near)?;
    }
    // Both at once: each on its own.
    context.signals.handle(Signal::USR2, Flags::NONE, crate::context::note)?;
    context.signals.block(set(&[Signal::USR1, Signal::USR2]))?;
    context.raise(Signal::USR2)?;
    context.raise(Signal::USR1)?;
    FAR.store(0, Ordering::Relaxed);
    context.signals.unblock(set(&[Signal::USR1, Signal::USR2]))?;
    equal(FAR.load(Ordering::Relaxed) < NEAR, false)?;
    equal(crate::context::count(Signal::USR2), 1)
}
