//! What children do under stress: each one thing, and it knows when that goes wrong.

use super::children::PATIENCE_NS;
use super::random::Random;
use crate::machine::after;
use abi::Syscall;
use core::sync::atomic::{AtomicU64, Ordering};
use rt::Failure;
use sys::hazard::vectors::{Registers, hold, look};
use sys::hazard::{self, Instruction, entries};
use sys::{Endpoint, Error, Message, Notification, Pages, Priority, Timer, upcall};

/// The status of a child that saw what it must not see.
pub(super) const SAW_WRONG: u64 = 0x5a11;

/// All roles; those that are worth most stand twice.
pub(super) const ROLES: [&str; 14] = [
    "calls",
    "calls",
    "faults",
    "faults",
    "spin",
    "sleep",
    "upcalls",
    "upcalls",
    "pages",
    "bases",
    "vectors",
    "vectors",
    "greedy",
    "breakpoints",
];

/// How long a child lives that is not killed.
const LIFE_NS: u64 = 60_000_000;

/// Plays a role; `None` when there is none of this name.
pub(crate) fn play(env: &rt::Env, role: &str, seed: u64) -> Option<Result<(), Failure>> {
    let random = &mut Random::new(seed);
    Some(match role {
        "calls" => calls(env, random),
        "faults" => faults(random),
        "spin" => spin(),
        "sleep" => sleep(random),
        "upcalls" => upcalls(random),
        "pages" => pages(random),
        "bases" => bases(random),
        "vectors" => vectors(random),
        "greedy" => greedy(),
        "breakpoints" => breakpoints(),
        _ => return None,
    })
}

fn wrong_unless(good: bool) {
    if !good {
        rt::exit(SAW_WRONG)
    }
}

fn calls(env: &rt::Env, random: &mut Random) -> Result<(), Failure> {
    let echo: Endpoint = env.handle("echo")?;
    let end = after(LIFE_NS);
    while sys::clock() < end {
        let words = core::array::from_fn(|_| random.any());
        let mut message = Message::new(3, words);
        let answer = echo.call_with(&mut message, after(PATIENCE_NS), &mut [])?;
        wrong_unless(answer.words == words);
    }
    Ok(())
}

fn faults(random: &mut Random) -> Result<(), Failure> {
    loop {
        match random.below(4) {
            0 => drop(hazard::read(random.any())),
            1 => hazard::jump(random.any()),
            2 => entries::interrupt(random.any().to_le_bytes()[0]),
            _ => {
                if let Some(instruction) = random.of(Instruction::ALL) {
                    instruction.run();
                }
            }
        }
    }
}

fn spin() -> Result<(), Failure> {
    loop {
        core::hint::spin_loop();
    }
}

fn sleep(random: &mut Random) -> Result<(), Failure> {
    let end = after(LIFE_NS);
    while sys::clock() < end {
        sys::sleep_for(random.below(3_000_000));
    }
    Ok(())
}

static SEEN: AtomicU64 = AtomicU64::new(0);

/// Its own timers divert it while it computes; no deadline is lost, and it does not notice.
fn upcalls(random: &mut Random) -> Result<(), Failure> {
    let bell = Notification::create()?;
    let timer = Timer::create(&bell, 1)?;
    let count = |_: u64, _: &upcall::SavedFrame| {
        SEEN.fetch_add(1, Ordering::Relaxed);
    };
    upcall::register(&bell, count, 0)?;
    for round in 1..=50 {
        timer.arm(after(random.below(300_000)))?;
        let end = after(PATIENCE_NS);
        while SEEN.load(Ordering::Relaxed) < round {
            let (a, b) = (random.any(), random.any());
            let sum = core::hint::black_box(a).wrapping_add(core::hint::black_box(b));
            wrong_unless(sum.wrapping_sub(b) == a);
            wrong_unless(sys::clock() < end);
        }
    }
    Ok(())
}

/// Memory is zero when it comes and keeps what is written.
fn pages(random: &mut Random) -> Result<(), Failure> {
    let end = after(LIFE_NS);
    while sys::clock() < end {
        let mut pages = Pages::create(1 + random.below(40))?;
        wrong_unless(pages.iter().all(|byte| *byte == 0));
        let value = random.any().to_le_bytes()[0];
        pages.fill(value);
        sys::yield_now();
        wrong_unless(pages.iter().all(|byte| *byte == value));
    }
    Ok(())
}

fn bases(random: &mut Random) -> Result<(), Failure> {
    let wanted = (random.below(1 << 46), random.below(1 << 46));
    entries::set_bases(wanted.0, wanted.1);
    let end = after(LIFE_NS);
    while sys::clock() < end {
        for _ in 0..1000 {
            wrong_unless(entries::bases() == wanted);
        }
        sys::yield_now();
    }
    Ok(())
}

/// A pattern in all vector registers, over switches and interrupts.
fn vectors(random: &mut Random) -> Result<(), Failure> {
    wrong_unless(look().differences(&Registers::clean()) == 0);
    let end = after(LIFE_NS);
    while sys::clock() < end {
        let pattern = Registers::pattern(random.any().to_le_bytes()[0]);
        let (held, _) = hold(&pattern, Syscall::Yield as u64, [0; 2], 20);
        wrong_unless(held.differences(&pattern) == 0);
    }
    Ok(())
}

/// Takes all it can get of everything, and leaves it to the kernel to collect.
fn greedy() -> Result<(), Failure> {
    while let Ok(endpoint) = Endpoint::create() {
        core::mem::forget(endpoint);
    }
    while let Ok(pages) = Pages::create(16) {
        core::mem::forget(pages);
    }
    let thread = || sys::spawn_thread(1, Priority(20), || sys::sleep_until(sys::FOREVER));
    while let Ok(thread) = thread() {
        core::mem::forget(thread);
    }
    Err(Failure::from(Error::QuotaExceeded))
}

fn breakpoints() -> Result<(), Failure> {
    let end = after(LIFE_NS);
    let mut number = 0;
    while sys::clock() < end {
        entries::announce(number);
        number += 1;
    }
    Ok(())
}
