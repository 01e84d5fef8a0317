//! The words of the kernel lock. Only atomics: `tests/models` tries it out with all
//! interleavings and memory orders.

use super::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

/// How often a CPU that has released the lock looks whether another one has acquired it.
const COURTESY: u32 = 100;

/// Acquires the lock, if it is free.
///
/// ORDER: Acquire pairs with the Release of `release`: what the last CPU did is seen.
#[inline(always)]
pub(super) fn try_acquire(taken: &AtomicBool) -> bool {
    !taken.swap(true, Acquire)
}

/// Waits until the lock is this CPU's. `meanwhile` serves other CPUs, which may wait for that.
pub(super) fn wait(taken: &AtomicBool, waiting: &AtomicU64, mut meanwhile: impl FnMut()) {
    waiting.fetch_add(1, Relaxed);
    while taken.load(Relaxed) || !try_acquire(taken) {
        meanwhile();
    }
    waiting.fetch_sub(1, Relaxed);
}

/// Gives a waiting CPU time to acquire the lock that this one has released.
pub(super) fn let_waiting_first(
    taken: &AtomicBool,
    waiting: &AtomicU64,
    mut meanwhile: impl FnMut(),
) {
    for _ in 0..COURTESY {
        if waiting.load(Relaxed) == 0 || taken.load(Relaxed) {
            return;
        }
        meanwhile();
    }
}

/// Releases the lock.
#[inline(always)]
pub(super) fn release(taken: &AtomicBool) {
    taken.store(false, Release);
}
