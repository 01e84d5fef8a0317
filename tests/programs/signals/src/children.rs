//! What children of the tests do.

use crate::context::{Context, Outcome, Why, moment, set};
use crate::price::answer;
use crate::rows::faults;
use proc_api::{Disposition, Flags, Signal, SignalSet, Target, WaitFor};

/// A role: what a child does; it ends with 0 when that succeeds.
type Role = fn(&Context<'_>) -> Outcome;

const ROLES: &[(&str, Role)] = &[
    ("good", |_| Ok(())),
    ("answer", answer),
    ("seven", |_| rt::exit(7)),
    ("sleep", sleep),
    ("deaf", deaf),
    ("once", once),
    ("inherited", inherited),
    ("own-group", own_group),
    ("parent", parent),
    ("orphans", orphans),
    ("orphan-stop", orphan_stop),
    ("later", later),
    ("ignores-children", ignores_children),
    ("session", session),
    ("handles-stop", handles_stop),
    ("reads", reads),
    ("reads-deaf", reads_deaf),
    ("segv", faults::segv_child),
    ("segv-useless", faults::useless_child),
    ("segv-blocked", faults::blocked_child),
    #[cfg(target_arch = "x86_64")]
    ("instructions", faults::instructions_child),
    #[cfg(target_arch = "x86_64")]
    ("overflow", faults::overflow_child),
];

pub(crate) fn run(env: &rt::Env, name: &str) -> ! {
    let role = ROLES.iter().find(|(known, _)| *known == name);
    let context = Context::new(env);
    let (Some((_, role)), Ok(context)) = (role, context) else { rt::exit(99) };
    match role(&context) {
        Ok(()) => rt::exit(0),
        Err(Why(why)) => {
            rt::defmt::warn!("{=str}: {=str}", name, why.as_str());
            rt::exit(98)
        }
    }
}

/// Ready, and asleep for ever.
fn sleep(context: &Context<'_>) -> Outcome {
    context.say_ready(0)?;
    sys::sleep_until(sys::FOREVER);
    Ok(())
}

/// Blocks and ignores everything.
fn deaf(context: &Context<'_>) -> Outcome {
    for signal in (1..64).filter_map(Signal::from_number).filter(|s| s.can_be_handled()) {
        context.signals.ignore(signal)?;
    }
    context.signals.set_mask(SignalSet::ALL)?;
    sleep(context)
}

/// A handler that runs once.
fn once(context: &Context<'_>) -> Outcome {
    context.note(Signal::USR1, Flags::RESETHAND)?;
    context.raise(Signal::USR1)?;
    context.raise(Signal::USR1)
}

/// Started with USR1 blocked, USR2 ignored, HUP handled, USR1 pending in its parent.
fn inherited(context: &Context<'_>) -> Outcome {
    let signals = &context.signals;
    let mask = signals.block(SignalSet::EMPTY)?;
    let does = |signal: Signal| -> Result<Disposition, Why> {
        Ok(signals.quietly(|proc| proc.action(signal.number()))?.disposition)
    };
    let right = mask.contains(Signal::USR1)
        && does(Signal::USR2)? == Disposition::Ignore
        && does(Signal::HUP)? == Disposition::Default
        && signals.pending()?.is_empty();
    if right { Ok(()) } else { rt::exit(1) }
}

/// In a group of its own, ready, asleep.
fn own_group(context: &Context<'_>) -> Outcome {
    context.signals.quietly(|proc| proc.setpgid(0, 0))?;
    sleep(context)
}

/// Starts a child, tells its number, and ends when it is told to.
fn parent(context: &Context<'_>) -> Outcome {
    let child = context.ready_child("sleep")?;
    context.say_ready(child.into())?;
    sys::sleep_until(sys::FOREVER);
    Ok(())
}

/// In a group of its own it starts two children, in groups of their own; stops the first; tells
/// its number and ends. POSIX sends the first SIGHUP and SIGCONT.
fn orphans(context: &Context<'_>) -> Outcome {
    let child = context.child("later")?;
    context.signals.quietly(|proc| proc.setpgid(child, 0))?;
    context.wait_ready()?;
    context.kill(child, Signal::STOP)?;
    context.wait(Target::Any, WaitFor { stopped: true, ..WaitFor::default() })?;
    context.say_ready(child.into())
}

/// Tells the test, which started its parent, that SIGHUP came.
fn later(context: &Context<'_>) -> Outcome {
    let parent = context.signals.quietly(|proc| proc.ids(0))?.parent;
    let test = context.signals.quietly(|proc| proc.ids(parent))?.parent;
    context.signals.block(set(&[Signal::HUP]))?;
    context.say_ready(0)?;
    let info = context.signals.wait(set(&[Signal::HUP]))?;
    Ok(context.queue(test, crate::context::READY, u64::from(info.signal.number()))?)
}

/// Becomes the leader of a session, where no process could continue it: SIGTSTP does nothing.
fn orphan_stop(context: &Context<'_>) -> Outcome {
    context.signals.quietly(|proc| proc.setsid())?;
    context.raise(Signal::TSTP)
}

/// Its children leave nothing to wait for.
fn ignores_children(context: &Context<'_>) -> Outcome {
    for flags in [None, Some(Flags::NOCLDWAIT)] {
        match flags {
            None => context.signals.ignore(Signal::CHLD)?,
            Some(flags) => context.signals.set(Signal::CHLD, Disposition::Default, flags)?,
        };
        context.child("good")?;
        let waited = context.signals.wait_for(Target::Any, WaitFor::default());
        let none = service::CallError::Service(proc_api::ProcError::NoChild);
        if waited != Err(none) {
            rt::exit(1);
        }
    }
    Ok(())
}

fn session(context: &Context<'_>) -> Outcome {
    let proc =
        |ask: fn(&proc_api::ProcClient) -> Result<proc_api::Ids, _>| context.signals.quietly(ask);
    let before = proc(|proc| proc.ids(0))?;
    context.signals.quietly(|proc| proc.setsid())?;
    let after = proc(|proc| proc.ids(0))?;
    let again = context.signals.quietly(|proc| proc.setsid());
    let right = before.session == 0
        && (after.group, after.session) == (after.pid, after.pid)
        && again.is_err();
    if right { Ok(()) } else { rt::exit(1) }
}

/// Handles the stop of the terminal, and tells of it.
fn handles_stop(context: &Context<'_>) -> Outcome {
    context.signals.handle(Signal::TSTP, Flags::NONE, |_, _| rt::exit(5))?;
    sleep(context)
}

/// Reads the terminal from the background.
fn reads(context: &Context<'_>) -> Outcome {
    context.signals.quietly(|proc| proc.setpgid(0, 0))?;
    context.say_ready(0)?;
    Ok(context.signals.may_read()?)
}

/// The same, and cannot be stopped for it.
fn reads_deaf(context: &Context<'_>) -> Outcome {
    context.signals.ignore(Signal::TTIN)?;
    match reads(context) {
        Err(Why(why)) if why.contains("Background") => rt::exit(6),
        _ => {
            moment();
            Ok(())
        }
    }
}
