//! Calls that are cut short or made again, and alarms.

use crate::context::{Context, MOMENT_NS, Outcome, count, ensure, equal, moment, ran, set};
use proc_api::signals::Interruptible;
use proc_api::{ExitStatus, Flags, Signal, Target, WaitFor};
use sys::{Endpoint, Error};

/// An alarm that is ended before it comes.
const SOON_NS: u64 = 1_000_000_000;

/// From now on SIGALRM comes again and again: whatever is waited for, and however slow the
/// machine is, the wait is cut short.
fn alarms(context: &Context<'_>, flags: Flags) -> Outcome {
    context.note(Signal::ALRM, flags)?;
    context.signals.quietly(|proc| proc.alarm(MOMENT_NS, MOMENT_NS))?;
    Ok(())
}

/// No more, and there were some.
fn no_more_alarms(context: &Context<'_>) -> Outcome {
    context.signals.quietly(|proc| proc.alarm(0, 0))?;
    ensure(count(Signal::ALRM) > 0, "no handler ran")
}

pub(crate) fn sleep_fails(context: &Context<'_>) -> Outcome {
    alarms(context, Flags::NONE)?;
    equal(context.signals.sleep_until(sys::FOREVER), Err(Error::Interrupted))?;
    no_more_alarms(context)
}

pub(crate) fn sleep_restarts(context: &Context<'_>) -> Outcome {
    alarms(context, Flags::RESTART)?;
    while count(Signal::ALRM) < 2 {
        let until = sys::clock() + 3 * MOMENT_NS;
        context.signals.sleep_until(until)?;
        ensure(sys::clock() >= until, "it did not go on")?;
    }
    no_more_alarms(context)
}

pub(crate) fn receive_fails_or_restarts(context: &Context<'_>) -> Outcome {
    let endpoint = Endpoint::create()?;
    let receive = |deadline| endpoint.receive(deadline, &mut []).map(drop);
    alarms(context, Flags::NONE)?;
    equal(receive(sys::FOREVER), Err(Error::Interrupted))?;
    no_more_alarms(context)?;
    alarms(context, Flags::RESTART)?;
    let before = count(Signal::ALRM);
    while count(Signal::ALRM) < before + 2 {
        let until = sys::clock() + 3 * MOMENT_NS;
        equal(context.signals.restarting(|| receive(until)), Err(Error::TimedOut))?;
    }
    no_more_alarms(context)
}

pub(crate) fn wait_fails(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("sleep")?;
    alarms(context, Flags::NONE)?;
    let waited = context.signals.wait_for(Target::Any, WaitFor::default());
    no_more_alarms(context)?;
    ensure(matches!(waited, Err(error) if error.was_interrupted()), "it was not cut short")?;
    // The wait that is over takes nothing from the next one.
    context.end(pid)
}

pub(crate) fn wait_restarts(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("sleep")?;
    alarms(context, Flags::RESTART)?;
    let waited = context.signals.restarting(|| {
        // Ends it when some alarms have come: the wait was made again until then.
        if count(Signal::ALRM) > 2 {
            context.signals.quietly(|proc| proc.kill(pid, Signal::TERM.number()))?;
        }
        context.signals.proc().wait(pid)
    });
    equal(waited?, ExitStatus::Killed(Signal::TERM.number()))?;
    no_more_alarms(context)
}

pub(crate) fn self_sent_comes_first(context: &Context<'_>) -> Outcome {
    context.note(Signal::USR1, Flags::NONE)?;
    let me = context.me()?;
    for times in 1..=50 {
        context.kill(me, Signal::USR1)?;
        equal(count(Signal::USR1), times)?;
    }
    Ok(())
}

pub(crate) fn alarm_once(context: &Context<'_>) -> Outcome {
    context.note(Signal::ALRM, Flags::NONE)?;
    context.signals.quietly(|proc| proc.alarm(MOMENT_NS, 0))?;
    while count(Signal::ALRM) == 0 {
        moment();
    }
    moment();
    moment();
    ran(&[Signal::ALRM])
}

pub(crate) fn alarm_is_replaced(context: &Context<'_>) -> Outcome {
    context.note(Signal::ALRM, Flags::NONE)?;
    let signals = &context.signals;
    equal(signals.quietly(|proc| proc.alarm(600_000_000_000, 0))?, 0)?;
    // Longer than a busy machine takes for the next two calls.
    let left = signals.quietly(|proc| proc.alarm(SOON_NS, 0))?;
    ensure(left > 500_000_000_000 && left < 600_000_000_000, "not what was left")?;
    ensure(signals.quietly(|proc| proc.alarm(0, 0))? > 0, "there was none")?;
    sys::sleep_for(SOON_NS + MOMENT_NS);
    ran(&[])
}

pub(crate) fn alarm_again(context: &Context<'_>) -> Outcome {
    context.signals.block(set(&[Signal::ALRM]))?;
    let begin = sys::clock();
    context.signals.quietly(|proc| proc.alarm(1_000_000, 2_000_000))?;
    for _ in 0..10 {
        context.signals.wait(set(&[Signal::ALRM]))?;
    }
    ensure(sys::clock() - begin >= 18_000_000, "too fast")?;
    ensure(context.signals.quietly(|proc| proc.alarm(0, 0))? > 0, "it was over")
}
