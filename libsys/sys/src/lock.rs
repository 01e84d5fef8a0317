//! A lock for state that threads and upcall handlers share.
//!
//! **Order.** An upcall that came while the lock is held could wait for it for ever, so
//! upcalls of the holder are masked until it is free again; that costs two system calls,
//! and only in programs that registered a handler.

use crate::upcall::Masked;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, Ordering};

/// Turns of waiting with `yield_now` before it sleeps.
const POLITE_TURNS: u32 = 8;
/// How long a waiter sleeps. A less urgent holder gets the CPU only then.
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
        wait_for(|| self.try_take());
        Guard { lock: self, _masked: masked }
    }

    fn try_take(&self) -> bool {
        // ORDER: acquire pairs with the release of the last holder.
        self.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
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
        // ORDER: release publishes what was written under the lock.
        self.lock.taken.store(false, Ordering::Release);
    }
}

#[cfg(target_os = "none")]
mod section {
    //! What the `critical-section` crate asks for: a lock for the whole process that the
    //! thread which holds it may take again.

    use super::wait_for;
    use crate::thread::current_slot;
    use crate::upcall::Masked;
    use core::sync::atomic::{AtomicU64, Ordering};
    use critical_section::RawRestoreState;

    /// The holder: its slot + 1; 0: free.
    static OWNER: AtomicU64 = AtomicU64::new(0);
    /// How often the holder has taken it again.
    static AGAIN: AtomicU64 = AtomicU64::new(0);

    struct Section;
    critical_section::set_impl!(Section);

    // SAFETY: 1. `OWNER` goes from free to a thread by one thread only, so threads exclude
    // each other. 2. upcalls of the holder are masked. 3. acquire and release order memory.
    unsafe impl critical_section::Impl for Section {
        unsafe fn acquire() -> RawRestoreState {
            let this = current_slot() + 1;
            if OWNER.load(Ordering::Relaxed) == this {
                AGAIN.fetch_add(1, Ordering::Relaxed);
                return u64::MAX;
            }
            let masked = Masked::enter();
            // ORDER: acquire pairs with the release of the last holder.
            wait_for(|| {
                OWNER.compare_exchange(0, this, Ordering::Acquire, Ordering::Relaxed).is_ok()
            });
            masked.into_raw()
        }

        unsafe fn release(state: RawRestoreState) {
            if AGAIN.load(Ordering::Relaxed) > 0 {
                AGAIN.fetch_sub(1, Ordering::Relaxed);
                return;
            }
            OWNER.store(0, Ordering::Release);
            drop(Masked::from_raw(state));
        }
    }
}
