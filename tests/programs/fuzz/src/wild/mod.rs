//! A fuzzed child: threads that make random calls until something ends them.
//!
//! **Shape.** [`choose`] says which call comes next, [`arguments`] with what, [`handles`] remembers what the
//! child was given, [`memory`] knows addresses worth trying, [`lives`] makes threads and
//! children of its own. All state is zero at the start and shared by the threads without a
//! lock: a torn value is one more random argument.

mod arguments;
mod choose;
mod dma;
mod handles;
#[cfg(target_arch = "x86_64")]
pub(crate) mod lives;
#[cfg(target_arch = "x86")]
#[path = "lives32.rs"]
mod lives;
mod memory;
mod raw;
mod stacks;

use crate::random::Random;
use abi::{Error, ObjectKind, Syscall};
use choose::Choice;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use raw::{Outcome, call, plain};

/// Random threads of a child at its start.
const THREADS: u64 = 3;
/// The seed of this process.
static SEED: AtomicU64 = AtomicU64::new(0);
/// Random threads that began here.
static STARTED: AtomicU64 = AtomicU64::new(0);
/// Machine time at the last look at the clock.
static NOW: AtomicU64 = AtomicU64::new(0);

/// Where the first thread of a child begins.
pub(crate) extern "C" fn begin(seed: u64) -> ! {
    SEED.store(seed, Relaxed);
    handles::discover();
    let mut random = Random::new(seed);
    for _ in 1..THREADS {
        lives::own_thread(&mut random);
    }
    go_on()
}

/// Where every further random thread begins.
pub(crate) extern "C" fn go_on() -> ! {
    let number = STARTED.fetch_add(1, Relaxed);
    let mut random = Random::new(SEED.load(Relaxed) ^ number.wrapping_mul(0x517c_c1b7_2722_0a95));
    loop {
        if random.below(8) == 0 {
            NOW.store(plain(Syscall::Clock, [0; 6]).value0, Relaxed);
        }
        step(&mut random);
    }
}

/// One call, and what follows from its results.
fn step(random: &mut Random) {
    let choice = choose::any(random);
    let Choice { number, values, words, envelope } = choice;
    let outcome = call(number, values, words, envelope.map_or(0, |place| place.register));
    let Some(made) = Syscall::from_number(number) else { return };
    if outcome.status == 0 {
        note(random, made, &choice, &outcome);
    } else if is_full(outcome.status) {
        handles::close_some(random);
    }
}

/// Whether something has run out.
fn is_full(status: u64) -> bool {
    [Error::QuotaExceeded, Error::OutOfMemory, Error::HandlesFull]
        .iter()
        .any(|error| *error as u64 == status)
}

/// Remembers what a call gave.
fn note(random: &mut Random, made: Syscall, choice: &Choice, outcome: &Outcome) {
    match made {
        Syscall::Call => handles::note_taken(choice.envelope),
        Syscall::Recv | Syscall::ReplyRecv => {
            handles::note_taken(choice.envelope);
            handles::note_token(random, outcome.token);
        }
        Syscall::HandleClose => handles::forget(choice.values[0]),
        Syscall::LifelineCreate => {
            handles::note(ObjectKind::Lifeline, outcome.value0);
            handles::note(ObjectKind::Lifeline, outcome.value1);
        }
        Syscall::ProcessCreate => {
            handles::note(ObjectKind::Process, outcome.value0);
            lives::furnish(random, outcome.value0);
        }
        Syscall::ThreadCreate => {
            handles::note(ObjectKind::Thread, outcome.value0);
            plain(Syscall::ThreadResume, [outcome.value0, 0, 0, 0, 0, 0]);
        }
        Syscall::IoMap => dma::note(outcome.value0, outcome.value1),
        Syscall::HandleCopy => handles::note_unknown(outcome.value0),
        _ => {
            if let Some(kind) = handles::made_by(made) {
                handles::note(kind, outcome.value0);
            }
        }
    }
}
