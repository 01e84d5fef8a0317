//! Everything at once, for as long as it is told, then all must be as before.
//!
//! Threads of this process call each other, sleep, set timers and go from CPU to CPU
//! ([`threads`]); children do one thing each, right or wrong, and are suspended, moved,
//! looked into and killed at random ([`children`], [`zoo`]). Non-maskable interrupts come
//! from outside. At the end all memory, handles and objects are back, no debug check has
//! found anything, and no thread saw another one's registers or words.

mod children;
mod counts;
mod random;
mod threads;
mod zoo;

pub(crate) use children::play;

use crate::machine::{Machine, after};
use alloc::format;
use core::sync::atomic::Ordering;
use counts::{ALL, STOP, WRONG};
use random::Random;
use rt::Failure;
use sys::{Error, SystemInfo};

/// What must be the same before and after: frames, processes, threads, handles, objects.
fn counts() -> Result<[u64; 5], Error> {
    let SystemInfo { frames_free, processes, threads, handles, objects, .. } = sys::system_info()?;
    // This program's heap grows as it likes and keeps what it has.
    Ok([frames_free + rt::heap_pages(), processes, threads, handles, objects])
}

/// The counts, as soon as they are as before, or after a while.
fn settled(before: [u64; 5]) -> Result<[u64; 5], Error> {
    let end = after(2_000_000_000);
    loop {
        let now = counts()?;
        if now == before || sys::clock() > end {
            return Ok(now);
        }
        sys::sleep_for(5_000_000);
    }
}

/// The task.
pub(crate) fn run(machine: &Machine, seconds: u64, seed: u64) -> Result<(), Failure> {
    machine.say(format_args!("stress: {seconds} s from seed {seed}"));
    // The first time makes page tables, heap and handle tables grow.
    round(machine, 300_000_000, seed)?;
    let before = counts()?;
    round(machine, seconds.saturating_mul(1_000_000_000), seed.wrapping_add(1))?;
    let after = settled(before)?;
    for counter in ALL {
        machine.say(format_args!("stress: {} {}", counter.1.load(Ordering::Relaxed), counter.0));
    }
    judge(machine, before, after)
}

fn judge(machine: &Machine, before: [u64; 5], after: [u64; 5]) -> Result<(), Failure> {
    let info = sys::system_info()?;
    machine.say(format_args!(
        "stress: {} interrupts by timers, {} switches, {} exits, {} turns at most",
        info.timer_interrupts, info.switches, info.exits, info.most_turns
    ));
    let wrong = WRONG.1.load(Ordering::Relaxed);
    machine.say(format_args!("stress: {wrong} {}, {} of debug checks", WRONG.0, info.violations));
    machine.say(format_args!("stress: before {before:?}, after {after:?}"));
    if before != after {
        return Err(Failure::from("frames, processes, threads, handles or objects are not back"));
    }
    if wrong + info.violations > 0 {
        return Err(Failure::from(format!("{} violations", wrong + info.violations)));
    }
    Ok(())
}

/// All of it for this time.
fn round(machine: &Machine, ns: u64, seed: u64) -> Result<(), Failure> {
    STOP.store(false, Ordering::Relaxed);
    let crew = threads::Crew::start(seed)?;
    let outcome = children::keep(machine, after(ns), &mut Random::new(seed), &crew);
    STOP.store(true, Ordering::Relaxed);
    crew.end()?;
    outcome
}
