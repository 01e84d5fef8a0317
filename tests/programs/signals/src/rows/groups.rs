//! Process groups, sessions, the terminal.

use crate::context::{Context, MOMENT_NS, Outcome, count, ensure, equal, set};
use proc_api::signals::Failed;
use proc_api::{ChildStatus, ExitStatus, Flags, ProcError, Signal, Target, WaitFor};

pub(crate) fn kill_group(context: &Context<'_>) -> Outcome {
    let outside = context.ready_child("sleep")?;
    let first = context.ready_child("own-group")?;
    let second = context.ready_child("sleep")?;
    let signals = &context.signals;
    signals.quietly(|proc| proc.setpgid(second, first))?;
    signals.quietly(|proc| proc.kill_group(first, Signal::TERM.number()))?;
    for pid in [first, second] {
        equal(context.ended(pid)?, ExitStatus::Killed(Signal::TERM.number()))?;
    }
    let at_once = WaitFor { at_once: true, ..WaitFor::default() };
    equal(signals.wait_for(Target::Process(outside), at_once)?, None)?;
    let none = signals.quietly(|proc| proc.kill_group(first, Signal::TERM.number()));
    equal(none, Err(Failed::Service(ProcError::NoSuchProcess { pid: first })))?;
    context.end(outside)
}

pub(crate) fn kill_own_group(context: &Context<'_>) -> Outcome {
    let signals = &context.signals;
    signals.quietly(|proc| proc.setpgid(0, 0))?;
    context.note(Signal::USR1, Flags::RESTART)?;
    let child = context.ready_child("sleep")?;
    signals.quietly(|proc| proc.kill_group(0, Signal::USR1.number()))?;
    equal(count(Signal::USR1), 1)?;
    equal(context.ended(child)?, ExitStatus::Killed(Signal::USR1.number()))
}

pub(crate) fn inherited(context: &Context<'_>) -> Outcome {
    let child = context.ready_child("sleep")?;
    let ids = |pid| context.signals.quietly(|proc| proc.ids(pid));
    let (mine, its) = (ids(0)?, ids(child)?);
    equal((its.group, its.session, its.parent), (mine.group, mine.session, mine.pid))?;
    context.end(child)
}

pub(crate) fn setpgid_rules(context: &Context<'_>) -> Outcome {
    let signals = &context.signals;
    let refused = |pid, group| {
        let set = signals.quietly(|proc| proc.setpgid(pid, group));
        matches!(set, Err(Failed::Service(ProcError::NotAllowed { .. })))
    };
    let child = context.ready_child("sleep")?;
    ensure(refused(child, 4_000_000), "a group that does not exist")?;
    signals.quietly(|proc| proc.setpgid(child, 0))?;
    equal(signals.quietly(|proc| proc.ids(child))?.group, child)?;
    let parent = signals.quietly(|proc| proc.ids(0))?.parent;
    let stranger = signals.quietly(|proc| proc.setpgid(parent, 0));
    equal(stranger, Err(Failed::Service(ProcError::NoSuchProcess { pid: parent })))?;
    context.end(child)
}

pub(crate) fn setsid(context: &Context<'_>) -> Outcome {
    context.ends("session", ExitStatus::Exited(0))
}

pub(crate) fn orphans_are_released(context: &Context<'_>) -> Outcome {
    let parent = context.child("orphans")?;
    let orphan = context.wait_ready()?;
    equal(context.ended(parent)?, ExitStatus::Exited(0))?;
    ensure(orphan != 0, "no orphan")?;
    // It runs again, and has SIGHUP.
    equal(context.wait_ready()?, Signal::HUP.number().into())
}

pub(crate) fn orphans_do_not_stop(context: &Context<'_>) -> Outcome {
    context.ends("orphan-stop", ExitStatus::Exited(0))
}

/// Does something with another group in the foreground.
fn in_foreground(context: &Context<'_>, group: u32, act: impl FnOnce() -> Outcome) -> Outcome {
    let proc = |group| context.signals.quietly(|proc| proc.set_foreground(group));
    let before = context.signals.quietly(|proc| proc.foreground())?;
    proc(group)?;
    let outcome = act();
    proc(before)?;
    outcome
}

pub(crate) fn foreground(context: &Context<'_>) -> Outcome {
    for signal in [Signal::INT, Signal::QUIT] {
        let child = context.ready_child("own-group")?;
        in_foreground(context, child, || {
            let number = signal.number();
            context.signals.quietly(|proc| proc.signal_foreground(number))?;
            Ok(())
        })?;
        equal(context.ended(child)?, ExitStatus::Killed(signal.number()))?;
    }
    Ok(())
}

pub(crate) fn background_read(context: &Context<'_>) -> Outcome {
    let child = context.ready_child("reads")?;
    let what = WaitFor { stopped: true, ..WaitFor::default() };
    let stopped = ChildStatus::Stopped(Signal::TTIN.number());
    equal(context.wait(Target::Process(child), what)?.1, stopped)?;
    in_foreground(context, child, || {
        context.kill(child, Signal::CONT)?;
        equal(context.ended(child)?, ExitStatus::Exited(0))
    })
}

pub(crate) fn background_read_fails(context: &Context<'_>) -> Outcome {
    let child = context.ready_child("reads-deaf")?;
    equal(context.ended(child)?, ExitStatus::Exited(6))
}

pub(crate) fn stop_of_a_group(context: &Context<'_>) -> Outcome {
    let first = context.ready_child("own-group")?;
    let second = context.ready_child("sleep")?;
    let signals = &context.signals;
    signals.quietly(|proc| proc.setpgid(second, first))?;
    signals.quietly(|proc| proc.kill_group(first, Signal::TSTP.number()))?;
    let what = WaitFor { stopped: true, ..WaitFor::default() };
    for pid in [first, second] {
        let stopped = ChildStatus::Stopped(Signal::TSTP.number());
        equal(context.wait(Target::Process(pid), what)?.1, stopped)?;
    }
    signals.quietly(|proc| proc.kill_group(first, Signal::CONT.number()))?;
    let what = WaitFor { continued: true, ..WaitFor::default() };
    for pid in [first, second] {
        equal(context.wait(Target::Process(pid), what)?.1, ChildStatus::Continued)?;
        context.end(pid)?;
    }
    let until = sys::clock() + MOMENT_NS;
    equal(signals.wait_until(set(&[Signal::USR2]), until)?, None)
}
