//! Stopped programs.

use crate::context::{Context, Outcome, ensure, equal, moment, ran, set};
use core::sync::atomic::{AtomicU64, Ordering};
use proc_api::{Cause, ChildStatus, Disposition, ExitStatus, Flags, Info, Signal, Target, WaitFor};
use sys::upcall::SavedFrame;

const CHANGES: WaitFor = WaitFor { stopped: true, continued: true, at_once: false };

fn change(context: &Context<'_>, pid: u32, wanted: ChildStatus) -> Outcome {
    equal(context.wait(Target::Process(pid), CHANGES)?, (pid, wanted))
}

pub(crate) fn stop_and_go_on(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("own-group")?;
    for signal in [Signal::STOP, Signal::TSTP, Signal::TTIN, Signal::TTOU] {
        context.kill(pid, signal)?;
        change(context, pid, ChildStatus::Stopped(signal.number()))?;
        context.kill(pid, Signal::CONT)?;
        change(context, pid, ChildStatus::Continued)?;
    }
    context.end(pid)
}

pub(crate) fn not_told_unasked(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("sleep")?;
    context.kill(pid, Signal::STOP)?;
    let at_once = WaitFor { at_once: true, ..WaitFor::default() };
    equal(context.signals.wait_for(Target::Any, at_once)?, None)?;
    change(context, pid, ChildStatus::Stopped(Signal::STOP.number()))?;
    let what = WaitFor { at_once: true, ..CHANGES };
    equal(context.signals.wait_for(Target::Any, what)?, None)?;
    context.end(pid)
}

pub(crate) fn handled_stop(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("handles-stop")?;
    context.kill(pid, Signal::TSTP)?;
    equal(context.ended(pid)?, ExitStatus::Exited(5))
}

pub(crate) fn stopped_waits(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("sleep")?;
    context.kill(pid, Signal::STOP)?;
    context.kill(pid, Signal::TERM)?;
    moment();
    let at_once = WaitFor { at_once: true, ..WaitFor::default() };
    equal(context.signals.wait_for(Target::Any, at_once)?, None)?;
    context.kill(pid, Signal::CONT)?;
    equal(context.ended(pid)?, ExitStatus::Killed(Signal::TERM.number()))?;
    let pid = context.ready_child("sleep")?;
    context.kill(pid, Signal::STOP)?;
    context.end(pid)
}

pub(crate) fn undo_each_other(context: &Context<'_>) -> Outcome {
    let signals = &context.signals;
    context.note(Signal::CONT, Flags::NONE)?;
    signals.block(set(&[Signal::CONT, Signal::TSTP]))?;
    context.raise(Signal::CONT)?;
    context.raise(Signal::TSTP)?;
    ensure(!signals.pending()?.contains(Signal::CONT), "SIGCONT was not dropped")?;
    context.raise(Signal::CONT)?;
    ensure(!signals.pending()?.contains(Signal::TSTP), "SIGTSTP was not dropped")?;
    signals.unblock(set(&[Signal::CONT, Signal::TSTP]))?;
    ran(&[Signal::CONT])
}

pub(crate) fn continue_when_blocked(context: &Context<'_>) -> Outcome {
    let pid = context.ready_child("deaf")?;
    context.kill(pid, Signal::STOP)?;
    change(context, pid, ChildStatus::Stopped(Signal::STOP.number()))?;
    context.kill(pid, Signal::CONT)?;
    change(context, pid, ChildStatus::Continued)?;
    context.end(pid)
}

/// What SIGCHLD told: one digit for each, the last lowest.
static TOLD: AtomicU64 = AtomicU64::new(0);

fn told(info: &Info, _: &SavedFrame) {
    let digit = match info.cause {
        Cause::Child { status: ChildStatus::Stopped(19), .. } => 1,
        Cause::Child { status: ChildStatus::Continued, .. } => 2,
        Cause::Child { status: ChildStatus::Ended(ExitStatus::Killed(9)), .. } => 3,
        _ => 9,
    };
    TOLD.store(TOLD.load(Ordering::Relaxed) * 10 + digit, Ordering::Relaxed);
}

/// Waits until SIGCHLD has told this: one that is pending would take in the next.
fn until_told(wanted: u64) {
    while TOLD.load(Ordering::Relaxed) < wanted {
        moment();
    }
}

/// A child is stopped, goes on, and ends; what SIGCHLD is to have told after each.
fn life(context: &Context<'_>, flags: Flags, wanted: [u64; 3]) -> Outcome {
    context.signals.handle(Signal::CHLD, flags.and(Flags::RESTART), told)?;
    let pid = context.ready_child("sleep")?;
    context.kill(pid, Signal::STOP)?;
    change(context, pid, ChildStatus::Stopped(Signal::STOP.number()))?;
    until_told(wanted[0]);
    context.kill(pid, Signal::CONT)?;
    change(context, pid, ChildStatus::Continued)?;
    until_told(wanted[1]);
    context.end(pid)?;
    until_told(wanted[2]);
    moment();
    equal(TOLD.load(Ordering::Relaxed), wanted[2])
}

pub(crate) fn child_signal(context: &Context<'_>) -> Outcome {
    life(context, Flags::NONE, [1, 12, 123])
}

pub(crate) fn child_signal_without_stops(context: &Context<'_>) -> Outcome {
    life(context, Flags::NOCLDSTOP, [0, 0, 3])
}

pub(crate) fn no_zombies(context: &Context<'_>) -> Outcome {
    context.ends("ignores-children", ExitStatus::Exited(0))?;
    let action = context.signals.quietly(|proc| proc.action(Signal::CHLD.number()))?;
    equal(action.disposition, Disposition::Default)
}
