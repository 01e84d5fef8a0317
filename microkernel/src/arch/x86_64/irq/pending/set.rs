//! The words with the pending interrupts. Only atomics: `tests/models` tries it out with all
//! interleavings and memory orders.
//!
//! Shape: one word for what is frequent, with a bit that says to look at the others, which have a
//! bit for each message. That bit is set after a message's and cleared before they are looked at,
//! so it is set whenever a message is there that no `take` looks for.

use super::atomic::{AtomicU64, Ordering};
use core_kernel::machine::Interrupt;

/// Lines that fit.
const LINES: u8 = 56;
const MESSAGES: u64 = 1 << 61;
const IPI: u64 = 1 << 62;
const TIMER: u64 = 1 << 63;

/// Words for messages: enough for all vectors.
const WORDS: usize = 3;

/// The set.
pub(super) struct Set {
    first: AtomicU64,
    messages: [AtomicU64; WORDS],
}

impl Set {
    /// Makes an empty set of words that are 0.
    pub(super) const fn new(first: AtomicU64, messages: [AtomicU64; WORDS]) -> Self {
        Self { first, messages }
    }
}

/// Adds one. A message beyond the words is none that the machine has.
///
/// ORDER: Release pairs with the Acquire of `take`: what the interrupting side wrote before is
/// seen by the CPU that takes it.
pub(super) fn record(set: &Set, interrupt: Interrupt) {
    let bit = match interrupt {
        Interrupt::Timer => TIMER,
        Interrupt::Ipi => IPI,
        Interrupt::Line(line) => 1 << (line % LINES),
        Interrupt::Message(number) => {
            let Some(word) = set.messages.get(usize::from(number / 64)) else { return };
            word.fetch_or(1 << (number % 64), Ordering::Release);
            MESSAGES
        }
    };
    set.first.fetch_or(bit, Ordering::Release);
}

/// Whether there is one.
pub(super) fn any(set: &Set) -> bool {
    set.first.load(Ordering::Relaxed) != 0
}

/// Takes one out. Only the set's own CPU takes.
pub(super) fn take(set: &Set) -> Option<Interrupt> {
    let found = set.first.load(Ordering::Acquire);
    let (bit, interrupt) = match found {
        0 => return None,
        found if found & TIMER != 0 => (TIMER, Interrupt::Timer),
        found if found & IPI != 0 => (IPI, Interrupt::Ipi),
        MESSAGES => return take_message(set),
        found => {
            let line = found.trailing_zeros().to_le_bytes()[0];
            (1 << line, Interrupt::Line(line))
        }
    };
    set.first.fetch_and(!bit, Ordering::AcqRel);
    Some(interrupt)
}

/// Takes a message out, if one is left.
///
/// ORDER: Acquire sees the bits of messages whose bit in the first word is cleared here.
fn take_message(set: &Set) -> Option<Interrupt> {
    set.first.fetch_and(!MESSAGES, Ordering::AcqRel);
    let mut taken = None;
    for (word, first) in set.messages.iter().zip((0..).step_by(64)) {
        let found = word.load(Ordering::Acquire);
        if found == 0 {
            continue;
        }
        if taken.is_some() {
            set.first.fetch_or(MESSAGES, Ordering::Relaxed);
            break;
        }
        let bit = found & found.wrapping_neg();
        word.fetch_and(!bit, Ordering::AcqRel);
        taken = Some(Interrupt::Message(first + found.trailing_zeros().to_le_bytes()[0]));
        if found != bit {
            set.first.fetch_or(MESSAGES, Ordering::Relaxed);
            break;
        }
    }
    taken
}
