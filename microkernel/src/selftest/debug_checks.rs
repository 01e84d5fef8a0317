//! The debug checks of the machine side find what they are there for.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::checks::{self, Lock};
use crate::arch::x86_64::cpu::frame::{Trap, UserFrame};
use crate::arch::x86_64::cpu::this_cpu;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::machine::Frame;
use x86_64::registers::rflags::RFlags;

/// Only a kernel with the checks has something to show.
pub(super) const CHECKS: &[Check] = if checks::ON {
    &[
        ("exit-23-no-log-outside-the-core", no_log_outside),
        ("exit-26-a-lock-held-at-leave-is-named", lock_named),
        ("exit-27-flags-at-entry-are-looked-at", flags_at_entry),
        ("exit-27-stack-at-entry-is-looked-at", stack_at_entry),
        ("exit-27-frame-at-entry-is-looked-at", frame_at_entry),
    ]
} else {
    &[]
};

fn no_log_outside(bench: &mut Bench<'_>) -> Outcome {
    let inside = checks::may_log();
    checks::outside(this_cpu());
    let outside = checks::may_log();
    checks::inside(this_cpu());
    bench.hold("inside it may log", inside)?;
    bench.hold("outside it may not", !outside)?;
    bench.hold("inside again it may", checks::may_log())
}

static LEAKED: Lock<u32> = Lock::new(0);

fn lock_named(bench: &mut Bench<'_>) -> Outcome {
    *LEAKED.lock() += 1;
    bench.hold("a lock that was given back is named", checks::held_lock(this_cpu()).is_none())?;
    let line = line!() + 1;
    core::mem::forget(LEAKED.lock());
    let place = checks::held_lock(this_cpu());
    let right = place.is_some_and(|place| place.line() == line && place.file() == file!());
    bench.hold("the place is not where it was taken", right)?;
    bench.hold("it is named once", checks::held_lock(this_cpu()).is_none())
}

fn user_trap() -> Trap {
    UserFrame::start(abi::ThreadMode::Bits64, 0x40_0000, 0x7000, 0).trap
}

fn top() -> u64 {
    this_cpu().kernel_stack.load(Relaxed)
}

fn flags_at_entry(bench: &mut Bench<'_>) -> Outcome {
    let good = RFlags::CARRY_FLAG | RFlags::ID;
    let look = |flags| checks::found(flags, top() - 64, top(), &user_trap()).is_none();
    bench.hold("harmless flags", look(good))?;
    for flag in [
        RFlags::DIRECTION_FLAG,
        RFlags::NESTED_TASK,
        RFlags::ALIGNMENT_CHECK,
        RFlags::TRAP_FLAG,
        RFlags::INTERRUPT_FLAG,
    ] {
        bench.hold("a flag of the user was not seen", !look(good | flag))?;
    }
    Ok(())
}

fn stack_at_entry(bench: &mut Bench<'_>) -> Outcome {
    let look = |stack| checks::found(RFlags::empty(), stack, top(), &user_trap()).is_none();
    bench.hold("near the top", look(top() - 512))?;
    bench.hold("above the top", !look(top()))?;
    bench.hold("in user space", !look(0x7000))
}

fn frame_at_entry(bench: &mut Bench<'_>) -> Outcome {
    let kernels = Trap { cs: 8, ..user_trap() };
    let look = |trap: &Trap| checks::found(RFlags::empty(), top() - 64, top(), trap).is_none();
    bench.hold("a frame of user mode", look(&user_trap()))?;
    bench.hold("a frame of kernel mode", !look(&kernels))
}
