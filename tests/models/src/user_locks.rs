//! The locks of user programs: one thread at a time, which sees what the last one did.

use super::atomic::{self, AtomicBool, AtomicU32, AtomicU64, Ordering};
use loom::sync::Arc;
use loom::thread;

#[path = "../../../libsys/sys/src/lock/turn.rs"]
mod turn;

fn count(inside: &AtomicU32) {
    let count = inside.load(Ordering::Relaxed);
    inside.store(count + 1, Ordering::Relaxed);
}

fn until(attempt: impl Fn() -> bool) {
    while !attempt() {
        thread::yield_now();
    }
}

#[test]
fn a_lock_has_one_holder() {
    super::explore(|| {
        let lock = Arc::new((AtomicBool::new(false), AtomicU32::new(0)));
        let hold = |lock: &(AtomicBool, AtomicU32)| {
            until(|| turn::take(&lock.0));
            count(&lock.1);
            turn::release(&lock.0);
        };
        let other = lock.clone();
        let thread = thread::spawn(move || hold(&other));
        hold(&lock);
        thread.join().unwrap();
        assert_eq!(lock.1.load(Ordering::Relaxed), 2);
    });
}

struct Words {
    owner: AtomicU64,
    again: AtomicU64,
    inside: AtomicU32,
}

/// Twice, one inside the other.
fn nested(words: &Words, this: u64) {
    let section = turn::Section { owner: &words.owner, again: &words.again };
    assert!(!section.take_again(this), "it has not taken it yet");
    until(|| section.take(this));
    count(&words.inside);
    assert!(section.take_again(this), "it is this thread's");
    count(&words.inside);
    assert!(!section.release(), "it is still inside");
    count(&words.inside);
    assert!(section.release());
}

#[test]
fn a_section_has_one_holder_that_may_take_it_again() {
    super::explore(|| {
        let words = Arc::new(Words {
            owner: AtomicU64::new(0),
            again: AtomicU64::new(0),
            inside: AtomicU32::new(0),
        });
        let other = words.clone();
        let thread = thread::spawn(move || nested(&other, 1));
        nested(&words, 2);
        thread.join().unwrap();
        assert_eq!(words.inside.load(Ordering::Relaxed), 6);
    });
}
