//! A lock for state that threads and upcall handlers share.
//!
//! **Order.** An upcall that diverts the holder would deadlock when its handler takes the lock.
//! So upcalls of the holder are masked until it releases the lock; that costs two system calls,
//! and only in programs that registered a handler.

mod section;
mod turn;

use crate::upcall::Masked;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{self, AtomicBool};

/// Yields of a waiter before it sleeps.
const POLITE_TURNS: u32 = 8;
/// The length of a waiter's sleep. A less urgent holder gets the CPU only then.
const NAP_NS: u64 = 50_000;

/// A value behind a lock that is not re-entrant.
pub(crate) struct Lock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached only through the guard, and there is one guard at a time
// (`taken` goes from false to true by one thread only), so threads take turns.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Waits until it is free.
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        let masked = Masked::enter();
        wait_for(|| turn::take(&self.taken));
        Guard { lock: self, _masked: masked }
    }
}

/// Tries again until it works: first at once, then letting others run, then with naps.
pub(crate) fn wait_for(mut attempt: impl FnMut() -> bool) {
    let mut turns = 0;
    while !attempt() {
        if turns < POLITE_TURNS {
            turns += 1;
            crate::yield_now();
        } else {
            crate::sleep_for(NAP_NS);
        }
    }
}

/// Access to the value while it lives.
pub(crate) struct Guard<'a, T> {
    lock: &'a Lock<T>,
    // Dropped after `drop` below has freed the lock.
    _masked: Masked,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: this guard is the only one, and hands out references for its own life.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above; `&mut self` makes it exclusive.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        turn::release(&self.lock.taken);
    }
}
