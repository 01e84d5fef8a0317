//! Calls that are cut short or made again, and alarms.

use crate::context::{Context, MOMENT_NS, Outcome, count, ensure, equal, moment, ran, set};
use proc_api::signals::Interruptible;
use proc_api::{ExitStatus, Flags, Signal, Target, WaitFor};
use sys::{Endpoint, Error};

fn alarm(context: &Context<'_>, flags: Flags) -> Outcome {
    context.note(Signal::ALRM, flags)?;
    context.signals.quietly(|proc| proc.alarm(MOMENT_NS, 0))?;
    Ok(())
}

pub(crate) fn sleep_fails(context: &Context<'_>) -> Outcome {
    alarm(context, Flags::NONE)?;
    equal(context.signals.sleep_until(sys::FOREVER), Err(Error::Interrupted))?;
    ran(&[Signal::ALRM])
}

pub(crate) fn sleep_restarts(context: &Context<'_>) -> Outcome {
    alarm(context, Flags::RESTART)?;
    let until = sys::clock() + 3 * MOMENT_NS;
    context.signals.sleep_until(until)?;
    ensure(sys::clock() >= until, "it did not go on")?;
    ran(&[Signal::ALRM])
}

pub(crate) fn receive_fails_or_restarts(context: &Context<'_>) -> Outcome {
    let endpoint = Endpoint::create()?;
    alarm(context, Flags::NONE)?;
    let received = endpoint.receive(sys::FOREVER, &mut []).map(drop);
    equal(received, Err(Error::Interrupted))?;
    alarm(context, Flags::RESTART)?;
    let until = sys::clock() + 3 * MOMENT_NS;
    let received = context.signals.restarting(|| endpoint.receive(until, &mut []).map(drop));
    equal(received, Err(Error::TimedOut))?;
    equal(count(Signal::ALRM), 2)
}

pub(crate) fn wait_fails(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("sleep")?;
    alarm(context, Flags::NONE)?;
    let waited = context.signals.wait_for(Target::Any, WaitFor::default());
    ensure(matches!(waited, Err(error) if error.was_interrupted()), "it was not cut short")?;
    // The wait that is over takes nothing from the next one.
    context.end(pid)
}

pub(crate) fn wait_restarts(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("sleep")?;
    alarm(context, Flags::RESTART)?;
    context.signals.handle(Signal::USR1, Flags::RESTART, |_, _| {})?;
    let killer = context.child("good")?;
    equal(context.ended(killer)?, ExitStatus::Exited(0))?;
    let waited = context.signals.restarting(|| {
        // Ends it when the alarm has come.
        if count(Signal::ALRM) > 0 {
            context.signals.quietly(|proc| proc.kill(pid, Signal::TERM.number()))?;
        }
        context.signals.proc().wait(pid)
    });
    equal(waited?, ExitStatus::Killed(Signal::TERM.number()))
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
    alarm(context, Flags::NONE)?;
    context.signals.pause();
    moment();
    moment();
    ran(&[Signal::ALRM])
}

pub(crate) fn alarm_is_replaced(context: &Context<'_>) -> Outcome {
    context.note(Signal::ALRM, Flags::NONE)?;
    let signals = &context.signals;
    equal(signals.quietly(|proc| proc.alarm(60_000_000_000, 0))?, 0)?;
    let left = signals.quietly(|proc| proc.alarm(MOMENT_NS, 0))?;
    ensure(left > 50_000_000_000 && left < 60_000_000_000, "not what was left")?;
    ensure(signals.quietly(|proc| proc.alarm(0, 0))? > 0, "there was none")?;
    moment();
    moment();
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
