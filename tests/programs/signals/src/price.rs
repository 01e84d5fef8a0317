//! `run signals price`: ticks of a signal to this program, of one to another program and back,
//! and of a program's life, all through `proc`. Lines as those of `bench`.

use crate::context::{Context, Outcome, Why, count, equal, set};
use crate::figures::{figures, line};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use console_api::stdio::Stdio;
use core::sync::atomic::{AtomicU32, Ordering};
use proc_api::signals::Signals;
use proc_api::{ExitStatus, Flags, Signal, SignalSet};
use rt::Failure;
use sys::hazard::ticks;

const TIMES: usize = 500;
const WARM_UP: usize = 8;
const HERE: Signal = Signal::USR1;
const THERE: Signal = Signal::USR2;

/// A line for each operation.
pub(crate) fn table(env: &rt::Env) -> Result<(), Failure> {
    let mut stdio = Stdio::open(env);
    measure_all(env, &mut stdio).map_err(|Why(why)| Failure::from(why))
}

fn measure_all(env: &rt::Env, stdio: &mut Stdio) -> Result<(), Why> {
    let context = Context::new(env).map_err(|failure| Why(failure.to_string()))?;
    context.note(HERE, Flags::NONE)?;
    let me = context.me()?;
    let mut print = |row: &str, samples: Vec<u64>| {
        let text = line(row, &figures(samples)) + "\n";
        stdio.print(text).map_err(|error| Why(error.to_string()))
    };
    print("signal-to-own-handler", samples(|| context.kill(me, HERE))?)?;
    equal(usize::try_from(count(HERE)), Ok(TIMES + WARM_UP))?;
    context.signals.block(set(&[HERE]))?;
    let other = context.ready_child("answer")?;
    let there_and_back = || {
        context.kill(other, THERE)?;
        Ok(context.signals.suspend(SignalSet::EMPTY)?)
    };
    print("signal-to-other-handler-and-back", samples(there_and_back)?)?;
    context.end(other)?;
    let life = || {
        let nothing = alloc::vec![String::from("nothing")];
        let pid = context.signals.quietly(|proc| proc.spawn(env.name(), nothing, false))?;
        equal(context.ended(pid)?, ExitStatus::Exited(0))
    };
    print("program-spawn-exit-wait", samples(life)?)
}

fn samples(mut work: impl FnMut() -> Result<(), Why>) -> Result<Vec<u64>, Why> {
    (0..WARM_UP).try_for_each(|_| work())?;
    let one = |_| {
        let before = ticks();
        work().map(|()| ticks() - before)
    };
    (0..TIMES).map(one).collect()
}

/// The process that [`answer`] signals.
static PARENT: AtomicU32 = AtomicU32::new(0);

/// In a child: a handler that answers with a signal, for ever.
pub(crate) fn answer(context: &Context<'_>) -> Outcome {
    let ids = context.signals.quietly(|proc| proc.ids(0))?;
    PARENT.store(ids.parent, Ordering::Relaxed);
    context.signals.block(set(&[THERE]))?;
    context.signals.handle(THERE, Flags::NONE, |_, _| {
        if let Some(here) = Signals::here() {
            // A parent that is gone needs no answer.
            let _ = here.proc().kill(PARENT.load(Ordering::Relaxed), HERE.number());
        }
    })?;
    context.say_ready(0)?;
    loop {
        context.signals.suspend(SignalSet::EMPTY)?;
    }
}
