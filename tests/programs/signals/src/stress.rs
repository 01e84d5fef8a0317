//! Many signals at once: programs that send queued signals with values, and standard ones
//! between them, to programs that count. Each value must come exactly once, in the order of
//! its sender; that is checked by sequence and by a bitmap.
//!
//! # Shape
//! The first receiver has a handler, the second waits with `sigwait`, while standard signals
//! cut its waits short. All say what they saw to the program that started them.

use crate::context::{Context, Why, ensure, equal};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use console_api::stdio::Stdio;
use core::sync::atomic::{AtomicU64, Ordering};
use proc_api::signals::Failed;
use proc_api::{Cause, ExitStatus, Flags, Info, ProcError, Signal, SignalSet};
use rt::Failure;
use sys::upcall::SavedFrame;

const SENDER_COUNT: usize = 4;
const SENDERS: u64 = SENDER_COUNT as u64;
const RECEIVERS: u64 = 2;
const PAIRS: u64 = SENDERS * RECEIVERS;
/// The most values for one receiver: bits of its bitmap.
const MOST: u64 = 1 << 20;
/// The number of queued signals for each standard one.
const BETWEEN: u64 = 16;
/// How long a sender waits when the queue is full.
const PAUSE_NS: u64 = 100_000;
/// How long a receiver waits for what must come.
const PATIENCE_NS: u64 = 10_000_000_000;
/// How long a receiver that has everything waits for what must not come.
const AFTER_NS: u64 = 200_000_000;

static SEEN: [AtomicU64; (MOST / 64) as usize] =
    [const { AtomicU64::new(0) }; (MOST / 64) as usize];
static NEXT: [AtomicU64; SENDER_COUNT] = [const { AtomicU64::new(0) }; SENDER_COUNT];
static CAME: AtomicU64 = AtomicU64::new(0);
static WRONG: AtomicU64 = AtomicU64::new(0);
static STANDARD: AtomicU64 = AtomicU64::new(0);

/// Starts all programs and waits for all.
pub(crate) fn run(env: &rt::Env, total: u64) -> Result<(), Failure> {
    let mut stdio = Stdio::open(env);
    let each = total.div_ceil(PAIRS);
    let begin = sys::clock();
    let told = run_all(env, each).map_err(|Why(why)| why);
    let ms = (sys::clock() - begin) / 1_000_000;
    let total = each * PAIRS;
    let per_second = total * 1000 / ms.max(1);
    let rule =
        format!("{total} queued signals of {SENDERS} programs came to {RECEIVERS} once, in order");
    match told {
        Ok([full, handled]) => {
            stdio.print(format!("ok 1 - {rule}\n1..1\n"))?;
            stdio.print(format!(
                "# {total} in {ms} ms: {per_second} a second; {full} times the queue was full; \
                 {} standard signals between them were handled {handled} times\n",
                standard(each) * PAIRS
            ))?;
            Ok(())
        }
        Err(why) => {
            stdio.print(format!("not ok 1 - {rule}\n# {why}\n1..1\n"))?;
            rt::exit(1)
        }
    }
}

fn run_all(env: &rt::Env, each: u64) -> Result<[u64; 2], Why> {
    ensure(each * SENDERS <= MOST && each > 0, "1 to 2097152 signals can be counted")?;
    let context = Context::new(env).map_err(|failure| Why(failure.to_string()))?;
    let start = |arguments: Vec<String>| -> Result<u32, Why> {
        Ok(context.signals.quietly(|proc| proc.spawn(env.name(), arguments, false))?)
    };
    let words = |words: &[&dyn ToString]| words.iter().map(|word| word.to_string()).collect();
    let mut receivers = Vec::new();
    for number in 0..RECEIVERS {
        receivers.push(start(words(&[&"receive", &number, &each]))?);
        context.wait_ready()?;
    }
    let mut senders = Vec::new();
    for number in 0..SENDERS {
        let mut arguments: Vec<String> = words(&[&"send", &number, &each]);
        arguments.extend(receivers.iter().map(u32::to_string));
        senders.push(start(arguments)?);
    }
    // What senders say is in the low half, what receivers say in the high one.
    let said = results(&context, &senders)? + results(&context, &receivers)?;
    Ok([said & 0xffff_ffff, said >> 32])
}

/// Waits for the ends of programs: the sum of what they said before.
fn results(context: &Context<'_>, programs: &[u32]) -> Result<u64, Why> {
    let mut sum = 0;
    for pid in programs {
        equal(context.ended(*pid)?, ExitStatus::Exited(0))?;
        sum += context.wait_ready()?;
    }
    Ok(sum)
}

fn standard(each: u64) -> u64 {
    each.div_ceil(BETWEEN)
}

fn numbers(env: &rt::Env) -> impl Iterator<Item = u64> {
    env.args().skip(1).map(|word| word.parse().unwrap_or(0))
}

/// `send NUMBER EACH RECEIVER…`
pub(crate) fn send(env: &rt::Env) -> Result<(), Failure> {
    let context = Context::new(env)?;
    let mut words = numbers(env);
    let (number, each) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
    let receivers: Vec<u32> = words.filter_map(|pid| pid.try_into().ok()).collect();
    let mut full = 0;
    for sequence in 0..each {
        for receiver in &receivers {
            full += send_one(&context, *receiver, number << 32 | sequence)?;
            if sequence % BETWEEN == 0 {
                context.signals.quietly(|proc| proc.kill(*receiver, Signal::USR1.number()))?;
            }
        }
    }
    context.say_ready(full).map_err(|Why(why)| Failure::new(why))
}

/// Sends until there is room: how often there was none.
fn send_one(context: &Context<'_>, receiver: u32, value: u64) -> Result<u64, Failed> {
    let mut full = 0;
    loop {
        match context.queue(receiver, Signal::RTMIN, value) {
            Err(Failed::Service(ProcError::QueueFull { .. })) => full += 1,
            other => return other.map(|()| full),
        }
        sys::sleep_for(PAUSE_NS);
    }
}

/// `receive NUMBER EACH`
pub(crate) fn receive(env: &rt::Env) -> Result<(), Failure> {
    let context = Context::new(env)?;
    let mut words = numbers(env);
    let (number, each) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
    let signals = &context.signals;
    signals.handle(Signal::USR1, Flags::RESTART, |_, _| {
        STANDARD.fetch_add(1, Ordering::Relaxed);
    })?;
    let queued = SignalSet::of(&[Signal::RTMIN]);
    if number == 0 {
        signals.handle(Signal::RTMIN, Flags::RESTART, |info, _: &SavedFrame| count(info))?;
    } else {
        signals.block(queued)?;
    }
    context.say_ready(0).map_err(|Why(why)| Failure::new(why))?;
    while CAME.load(Ordering::Relaxed) < each * SENDERS {
        let before = CAME.load(Ordering::Relaxed);
        let until = sys::clock() + PATIENCE_NS;
        if number != 0 {
            signals.wait_until(queued, until)?.iter().for_each(count);
        }
        while CAME.load(Ordering::Relaxed) == before && sys::clock() < until {
            // The handler cuts it short.
            let _ = signals.sleep_until(sys::clock() + PAUSE_NS);
        }
        if CAME.load(Ordering::Relaxed) == before {
            return Err("nothing comes any more: signals were lost".into());
        }
    }
    let until = sys::clock() + AFTER_NS;
    while let Some(info) = signals.wait_until(queued, until)? {
        count(&info);
    }
    let checked =
        check(each).and_then(|()| context.say_ready(STANDARD.load(Ordering::Relaxed) << 32));
    checked.map_err(|Why(why)| Failure::new(why))
}

/// One came.
fn count(info: &Info) {
    let Cause::Queued { value, .. } = info.cause else {
        WRONG.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let (sender, sequence) = (value >> 32, value & 0xffff_ffff);
    let next = usize::try_from(sender).ok().and_then(|sender| NEXT.get(sender));
    let in_order = next.is_some_and(|next| next.fetch_add(1, Ordering::Relaxed) == sequence);
    let bit = sequence * SENDERS + sender % SENDERS;
    let word = usize::try_from(bit / 64).ok().and_then(|word| SEEN.get(word));
    let mask = 1 << (bit % 64);
    let new = word.is_some_and(|word| word.fetch_or(mask, Ordering::Relaxed) & mask == 0);
    WRONG.fetch_add(u64::from(!(in_order && new)), Ordering::Relaxed);
    CAME.fetch_add(1, Ordering::Relaxed);
}

fn check(each: u64) -> Result<(), Why> {
    equal(WRONG.load(Ordering::Relaxed), 0)?;
    equal(CAME.load(Ordering::Relaxed), each * SENDERS)?;
    let bits: u64 =
        SEEN.iter().map(|word| u64::from(word.load(Ordering::Relaxed).count_ones())).sum();
    equal(bits, each * SENDERS)?;
    let handled = STANDARD.load(Ordering::Relaxed);
    ensure(
        (1..=standard(each) * SENDERS).contains(&handled),
        "standard signals were lost or doubled",
    )
}
