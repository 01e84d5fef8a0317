//! Blocked and pending signals, and waits for signals.

use crate::context::{Context, Outcome, count, ensure, equal, moment, ran, set};
use proc_api::signals::Interruptible;
use proc_api::{Cause, Flags, Signal, SignalSet};

pub(crate) fn pending(context: &Context<'_>) -> Outcome {
    context.note(Signal::USR1, Flags::NONE)?;
    context.signals.block(set(&[Signal::USR1]))?;
    context.raise(Signal::USR1)?;
    moment();
    ran(&[])?;
    ensure(context.signals.pending()?.contains(Signal::USR1), "it is not pending")?;
    context.signals.unblock(set(&[Signal::USR1]))?;
    // Not a moment later.
    ran(&[Signal::USR1])?;
    ensure(context.signals.pending()?.is_empty(), "it is still pending")
}

pub(crate) fn coalesce(context: &Context<'_>) -> Outcome {
    context.note(Signal::USR1, Flags::NONE)?;
    context.signals.block(set(&[Signal::USR1]))?;
    for _ in 0..5 {
        context.raise(Signal::USR1)?;
    }
    context.signals.unblock(set(&[Signal::USR1]))?;
    moment();
    equal(count(Signal::USR1), 1)
}

pub(crate) fn changes(context: &Context<'_>) -> Outcome {
    let signals = &context.signals;
    signals.set_mask(set(&[Signal::HUP]))?;
    equal(signals.block(set(&[Signal::INT]))?, set(&[Signal::HUP]))?;
    equal(signals.unblock(set(&[Signal::HUP]))?, set(&[Signal::HUP, Signal::INT]))?;
    equal(signals.set_mask(set(&[Signal::USR1]))?, set(&[Signal::INT]))?;
    equal(signals.block(SignalSet::EMPTY)?, set(&[Signal::USR1]))
}

pub(crate) fn order(context: &Context<'_>) -> Outcome {
    let all = [Signal::HUP, Signal::USR1, Signal::TERM, Signal::RTMIN];
    for signal in all.into_iter().rev() {
        // The others wait in each handler, so that the order is seen.
        context.signals.handle_masked(signal, Flags::NONE, set(&all), crate::context::note)?;
        context.signals.block(set(&[signal]))?;
        context.raise(signal)?;
    }
    context.signals.unblock(set(&all))?;
    ran(&all)
}

pub(crate) fn suspend(context: &Context<'_>) -> Outcome {
    context.note(Signal::ALRM, Flags::NONE)?;
    let before = context.signals.block(set(&[Signal::ALRM]))?.with(Signal::ALRM);
    context.signals.quietly(|proc| proc.alarm(crate::context::MOMENT_NS, 0))?;
    context.signals.suspend(before.without(Signal::ALRM))?;
    ran(&[Signal::ALRM])?;
    equal(context.signals.block(SignalSet::EMPTY)?, before)
}

pub(crate) fn suspend_misses_nothing(context: &Context<'_>) -> Outcome {
    context.note(Signal::USR1, Flags::RESTART)?;
    context.signals.block(set(&[Signal::USR1]))?;
    for times in 1..=20 {
        context.raise(Signal::USR1)?;
        context.signals.suspend(SignalSet::EMPTY)?;
        equal(count(Signal::USR1), times)?;
    }
    Ok(())
}

pub(crate) fn wait_takes(context: &Context<'_>) -> Outcome {
    context.note(Signal::USR1, Flags::NONE)?;
    context.signals.block(set(&[Signal::USR1]))?;
    context.raise(Signal::USR1)?;
    let info = context.signals.wait(set(&[Signal::USR1, Signal::USR2]))?;
    equal(info.cause, Cause::Sent { by: context.me()? })?;
    context.signals.unblock(set(&[Signal::USR1]))?;
    ran(&[])
}

pub(crate) fn wait_waits(context: &Context<'_>) -> Outcome {
    context.signals.block(set(&[Signal::ALRM]))?;
    context.signals.quietly(|proc| proc.alarm(crate::context::MOMENT_NS, 0))?;
    let info = context.signals.wait(set(&[Signal::ALRM]))?;
    equal(info.cause, Cause::Alarm)
}

pub(crate) fn wait_takes_what_is_ignored(context: &Context<'_>) -> Outcome {
    context.signals.block(set(&[Signal::CHLD]))?;
    let pid = context.child("good")?;
    let info = context.signals.wait(set(&[Signal::CHLD]))?;
    ensure(matches!(info.cause, Cause::Child { pid: of, .. } if of == pid), "not of the child")
}

pub(crate) fn wait_gives_up(context: &Context<'_>) -> Outcome {
    let until = sys::clock() + crate::context::MOMENT_NS;
    equal(context.signals.wait_until(set(&[Signal::USR1]), until)?, None)?;
    ensure(sys::clock() >= until, "too early")?;
    // What comes later is not for the wait that is over.
    context.note(Signal::USR1, Flags::NONE)?;
    context.raise(Signal::USR1)?;
    ran(&[Signal::USR1])
}

pub(crate) fn wait_is_cut_short(context: &Context<'_>) -> Outcome {
    context.note(Signal::ALRM, Flags::NONE)?;
    context.signals.block(set(&[Signal::USR1]))?;
    // Again and again, in case the first comes before the wait begins.
    let moment = crate::context::MOMENT_NS;
    context.signals.quietly(|proc| proc.alarm(moment, moment))?;
    let waited = context.signals.wait(set(&[Signal::USR1]));
    context.signals.quietly(|proc| proc.alarm(0, 0))?;
    ensure(matches!(waited, Err(error) if error.was_interrupted()), "it was not cut short")?;
    ensure(count(Signal::ALRM) > 0, "no handler ran")
}
