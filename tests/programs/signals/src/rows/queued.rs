//! Signals that carry values.

use crate::context::{Context, Outcome, VALUES, Why, count, equal, set};
use core::sync::atomic::Ordering;
use proc_api::signals::Failed;
use proc_api::{Cause, Flags, ProcError, Signal};

pub(crate) fn in_order(context: &Context<'_>) -> Outcome {
    let me = context.me()?;
    context.note(Signal::RTMIN, Flags::NONE)?;
    context.signals.block(set(&[Signal::RTMIN]))?;
    for value in 1..=8 {
        context.queue(me, Signal::RTMIN, value)?;
    }
    context.signals.unblock(set(&[Signal::RTMIN]))?;
    equal(VALUES.load(Ordering::Relaxed), 0x0102_0304_0506_0708)
}

pub(crate) fn each_comes(context: &Context<'_>) -> Outcome {
    let me = context.me()?;
    context.note(Signal::RTMIN, Flags::NONE)?;
    context.signals.block(set(&[Signal::RTMIN]))?;
    for _ in 0..100 {
        context.queue(me, Signal::RTMIN, 1)?;
    }
    context.signals.unblock(set(&[Signal::RTMIN]))?;
    equal(count(Signal::RTMIN), 100)
}

pub(crate) fn bounded(context: &Context<'_>) -> Outcome {
    let me = context.me()?;
    context.note(Signal::RTMIN, Flags::NONE)?;
    context.signals.block(set(&[Signal::RTMIN]))?;
    let mut sent = 0;
    let limit = loop {
        match context.queue(me, Signal::RTMIN, sent) {
            Ok(()) => sent += 1,
            Err(Failed::Service(ProcError::QueueFull { limit })) => break limit,
            Err(error) => return Err(error.into()),
        }
    };
    equal(sent, limit.into())?;
    context.signals.unblock(set(&[Signal::RTMIN]))?;
    equal(count(Signal::RTMIN), sent)?;
    Ok(context.queue(me, Signal::RTMIN, 0)?)
}

pub(crate) fn waits_take_one_each(context: &Context<'_>) -> Outcome {
    let me = context.me()?;
    context.signals.block(set(&[Signal::RTMIN]))?;
    for value in [3, 1, 2] {
        context.queue(me, Signal::RTMIN, value)?;
    }
    for wanted in [3, 1, 2] {
        match context.signals.wait(set(&[Signal::RTMIN]))?.cause {
            Cause::Queued { value, .. } => equal(value, wanted)?,
            _ => return Err(Why("it has no value".into())),
        }
    }
    Ok(())
}
