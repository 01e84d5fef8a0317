//! What signals do: defaults, handlers, flags.

use crate::context::{Context, Outcome, count, ensure, equal, moment, note, ran, set};
use core::sync::atomic::{AtomicU64, Ordering};
use proc_api::signals::Signals;
use proc_api::{Cause, Disposition, ExitStatus, Flags, Info, Signal};
use sys::upcall::SavedFrame;

pub(crate) fn default_ends(context: &Context<'_>) -> Outcome {
    for signal in [Signal::TERM, Signal::HUP, Signal::ALRM, Signal::RTMIN] {
        let pid = context.ready_child("sleep")?;
        context.kill(pid, signal)?;
        equal(context.ended(pid)?, ExitStatus::Killed(signal.number()))?;
    }
    Ok(())
}

pub(crate) fn default_ignores(context: &Context<'_>) -> Outcome {
    for signal in [Signal::CHLD, Signal::URG, Signal::CONT] {
        context.raise(signal)?;
    }
    ensure(context.signals.pending()?.is_empty(), "something waits")
}

pub(crate) fn ignored(context: &Context<'_>) -> Outcome {
    context.signals.ignore(Signal::USR1)?;
    context.raise(Signal::USR1)?;
    context.signals.block(set(&[Signal::USR2]))?;
    context.raise(Signal::USR2)?;
    context.signals.ignore(Signal::USR2)?;
    ensure(context.signals.pending()?.is_empty(), "a pending signal was not dropped")?;
    context.note(Signal::USR2, Flags::NONE)?;
    context.signals.unblock(set(&[Signal::USR2]))?;
    ran(&[])
}

pub(crate) fn handled(context: &Context<'_>) -> Outcome {
    context.note(Signal::USR1, Flags::NONE)?;
    context.raise(Signal::USR1)?;
    ran(&[Signal::USR1])?;
    context.raise(Signal::USR1)?;
    moment();
    ran(&[Signal::USR1, Signal::USR1])
}

pub(crate) fn action_tells_the_one_before(context: &Context<'_>) -> Outcome {
    let signals = &context.signals;
    let mask = set(&[Signal::HUP]);
    let before = signals.handle_masked(Signal::USR1, Flags::RESTART, mask, note)?;
    equal(before.disposition, Disposition::Default)?;
    let before = signals.ignore(Signal::USR1)?;
    equal((before.disposition, before.flags), (Disposition::Handled, Flags::RESTART))?;
    equal(before.mask, mask)?;
    equal(signals.default(Signal::USR1)?.disposition, Disposition::Ignore)
}

pub(crate) fn fixed(context: &Context<'_>) -> Outcome {
    for signal in [Signal::KILL, Signal::STOP] {
        ensure(context.signals.ignore(signal).is_err(), "it can be ignored")?;
        ensure(context.note(signal, Flags::NONE).is_err(), "it can be handled")?;
        context.signals.block(set(&[signal]))?;
        let mask = context.signals.block(set(&[]))?;
        ensure(!mask.contains(signal), "it can be blocked")?;
    }
    Ok(())
}

pub(crate) fn kill_ends_every_program(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("deaf")?;
    for signal in [Signal::TERM, Signal::INT, Signal::USR1] {
        context.kill(pid, signal)?;
    }
    context.end(pid)
}

pub(crate) fn info_tells_the_sender(context: &Context<'_>) -> Outcome {
    static RIGHT: AtomicU64 = AtomicU64::new(0);
    static ME: AtomicU64 = AtomicU64::new(0);
    fn check(info: &Info, _: &SavedFrame) {
        let me = ME.load(Ordering::Relaxed);
        let right = match info.cause {
            Cause::Sent { by } => u64::from(by) == me && info.signal == Signal::USR1,
            Cause::Queued { by, value } => u64::from(by) == me && value == u64::MAX,
            _ => false,
        };
        RIGHT.fetch_add(right.into(), Ordering::Relaxed);
    }
    ME.store(context.me()?.into(), Ordering::Relaxed);
    for signal in [Signal::USR1, Signal::RTMIN] {
        context.signals.handle(signal, Flags::NONE, check)?;
    }
    context.raise(Signal::USR1)?;
    context.queue(context.me()?, Signal::RTMIN, u64::MAX)?;
    equal(RIGHT.load(Ordering::Relaxed), 2)
}

/// Sends a signal once from inside of a handler, and remembers how deep handlers ran.
fn nest(signal: Signal) {
    static DEPTH: AtomicU64 = AtomicU64::new(0);
    static SENT: AtomicU64 = AtomicU64::new(0);
    let depth = DEPTH.fetch_add(1, Ordering::Relaxed) + 1;
    DEEPEST.fetch_max(depth, Ordering::Relaxed);
    if SENT.fetch_add(1, Ordering::Relaxed) == 0
        && let Some(signals) = Signals::here()
    {
        let send = |proc: &proc_api::ProcClient| {
            proc.ids(0).and_then(|ids| proc.kill(ids.pid, signal.number()))
        };
        let _ = signals.quietly(send);
    }
    DEPTH.fetch_sub(1, Ordering::Relaxed);
}

static DEEPEST: AtomicU64 = AtomicU64::new(0);

fn nest_user1(info: &Info, frame: &SavedFrame) {
    nest(Signal::USR1);
    note(info, frame);
}

fn nest_user2(info: &Info, frame: &SavedFrame) {
    nest(Signal::USR2);
    note(info, frame);
}

pub(crate) fn deferred(context: &Context<'_>) -> Outcome {
    context.signals.handle(Signal::USR1, Flags::NONE, nest_user1)?;
    context.raise(Signal::USR1)?;
    equal(count(Signal::USR1), 2)?;
    equal(DEEPEST.load(Ordering::Relaxed), 1)
}

pub(crate) fn not_deferred(context: &Context<'_>) -> Outcome {
    context.signals.handle(Signal::USR1, Flags::NODEFER, nest_user1)?;
    context.raise(Signal::USR1)?;
    equal(count(Signal::USR1), 2)?;
    equal(DEEPEST.load(Ordering::Relaxed), 2)
}

pub(crate) fn nested(context: &Context<'_>) -> Outcome {
    context.note(Signal::USR2, Flags::NONE)?;
    context.signals.handle(Signal::USR1, Flags::NONE, nest_user2)?;
    context.raise(Signal::USR1)?;
    ran(&[Signal::USR2, Signal::USR1])
}

pub(crate) fn masked_in_the_handler(context: &Context<'_>) -> Outcome {
    context.note(Signal::USR2, Flags::NONE)?;
    let mask = set(&[Signal::USR2]);
    context.signals.handle_masked(Signal::USR1, Flags::NONE, mask, nest_user2)?;
    context.raise(Signal::USR1)?;
    ran(&[Signal::USR1, Signal::USR2])
}

pub(crate) fn mask_is_back(context: &Context<'_>) -> Outcome {
    let before = context.signals.block(set(&[Signal::HUP]))?.with(Signal::HUP);
    let mask = set(&[Signal::USR2]);
    context.signals.handle_masked(Signal::USR1, Flags::NONE, mask, note)?;
    context.raise(Signal::USR1)?;
    equal(context.signals.block(set(&[]))?, before)
}

pub(crate) fn reset(context: &Context<'_>) -> Outcome {
    context.ends("once", ExitStatus::Killed(Signal::USR1.number()))
}

pub(crate) fn inherited(context: &Context<'_>) -> Outcome {
    context.signals.block(set(&[Signal::USR1]))?;
    context.signals.ignore(Signal::USR2)?;
    context.note(Signal::HUP, Flags::NONE)?;
    context.raise(Signal::USR1)?;
    context.ends("inherited", ExitStatus::Exited(0))
}
