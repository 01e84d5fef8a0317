//! Waiting for children.

use crate::context::{Context, Outcome, ensure, equal, moment, set};
use proc_api::signals::Failed;
use proc_api::{ChildStatus, ExitStatus, ProcError, Signal, Target, WaitFor, Waited};

const END: WaitFor = WaitFor { stopped: false, continued: false, at_once: false };
const AT_ONCE: WaitFor = WaitFor { at_once: true, ..END };

pub(crate) fn exit_status(context: &Context<'_>) -> Outcome {
    context.ends("good", ExitStatus::Exited(0))?;
    let pid = context.child("seven")?;
    equal(context.ended(pid)?, ExitStatus::Exited(7))?;
    let gone = Failed::Service(ProcError::NoSuchProcess { pid });
    equal(context.signals.wait_for(Target::Process(pid), END), Err(gone))
}

pub(crate) fn status_waits(context: &Context<'_>) -> Outcome {
    let pid = context.child("seven")?;
    context.signals.block(set(&[Signal::CHLD]))?;
    // It ends long before it is waited for.
    moment();
    moment();
    equal(context.ended(pid)?, ExitStatus::Exited(7))
}

pub(crate) fn killed(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("sleep")?;
    context.kill(pid, Signal::QUIT)?;
    equal(context.ended(pid)?, ExitStatus::Killed(Signal::QUIT.number()))
}

pub(crate) fn at_once(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("sleep")?;
    equal(context.signals.wait_for(Target::Any, AT_ONCE)?, None)?;
    context.end(pid)
}

pub(crate) fn any(context: &Context<'_>) -> Outcome {
    let first = context.ready_child("sleep")?;
    let second = context.ready_child("sleep")?;
    for pid in [second, first] {
        context.kill(pid, Signal::TERM)?;
        let status = ChildStatus::Ended(ExitStatus::Killed(Signal::TERM.number()));
        equal(context.signals.wait_for(Target::Any, END)?, Some(Waited { pid, status }))?;
    }
    Ok(())
}

pub(crate) fn group(context: &Context<'_>) -> Outcome {
    let mine = context.ready_child("sleep")?;
    let other = context.ready_child("own-group")?;
    context.kill(mine, Signal::TERM)?;
    context.kill(other, Signal::TERM)?;
    equal(context.wait(Target::Group(other), END)?.0, other)?;
    equal(context.wait(Target::Group(0), END)?.0, mine)
}

pub(crate) fn no_children(context: &Context<'_>) -> Outcome {
    let none = || Err(Failed::Service(ProcError::NoChild));
    equal(context.signals.wait_for(Target::Any, END), none())?;
    equal(context.signals.wait_for(Target::Any, AT_ONCE), none())
}

pub(crate) fn only_own_children(context: &Context<'_>) -> Outcome {
    let parent = context.signals.quietly(|proc| proc.ids(0))?.parent;
    for pid in [parent, 4_000_000] {
        let none = Failed::Service(ProcError::NoSuchProcess { pid });
        equal(context.signals.wait_for(Target::Process(pid), AT_ONCE), Err(none))?;
    }
    Ok(())
}

pub(crate) fn adopted(context: &Context<'_>) -> Outcome {
    let parent = context.child("parent")?;
    let child = u32::try_from(context.wait_ready()?).unwrap_or(0);
    equal(context.signals.quietly(|proc| proc.ids(child))?.parent, parent)?;
    context.end(parent)?;
    equal(context.signals.quietly(|proc| proc.ids(child))?.parent, 0)?;
    ensure(context.signals.wait_for(Target::Any, AT_ONCE).is_err(), "it became our child")?;
    context.kill(child, Signal::KILL)
}

pub(crate) fn probe(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("sleep")?;
    let probe = || context.signals.quietly(|proc| proc.kill(pid, 0));
    probe()?;
    context.end(pid)?;
    equal(probe(), Err(Failed::Service(ProcError::NoSuchProcess { pid })))
}
