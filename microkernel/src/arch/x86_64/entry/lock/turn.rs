//! The words of the kernel lock. Only atomics: `tests/models` tries it out with all
//! interleavings and memory orders.

use super::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

/// How often a CPU that has let go looks whether another one has taken hold.
const COURTESY: u32 = 100;

/// Takes the lock, if it is free.
///
/// ORDER: Acquire pairs with the Release of `release`: what the last CPU did is seen.
#[inline(always)]
pub(super) fn take(taken: &AtomicBool) -> bool {
    !taken.swap(true, Acquire)
}

/// Waits until the lock is this CPU's. `meanwhile` serves others, who may wait for that.
pub(super) fn wait(taken: &AtomicBool, waiting: &AtomicU64, mut meanwhile: impl FnMut()) {
    waiting.fetch_add(1, Relaxed);
    while taken.load(Relaxed) || !take(taken) {
        meanwhile();
    }
    waiting.fetch_sub(1, Relaxed);
}

/// A CPU that waits may go first, after this one let go.
pub(super) fn give_way(taken: &AtomicBool, waiting: &AtomicU64, mut meanwhile: impl FnMut()) {
    for _ in 0..COURTESY {
        if waiting.load(Relaxed) == 0 || taken.load(Relaxed) {
            return;
        }
        meanwhile();
    }
}

/// Lets go.
#[inline(always)]
pub(super) fn release(taken: &AtomicBool) {
    taken.store(false, Release);
}
