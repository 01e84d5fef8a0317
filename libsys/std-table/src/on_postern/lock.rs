//! Locks for the state of this crate, on its own futex: a thread that waits sleeps in the kernel.

use super::waiters;
use core::sync::atomic::{AtomicU32, Ordering};
use lock_api::GuardSend;
use sys::FOREVER;

const FREE: u32 = 0;
const TAKEN: u32 = 1;
/// Taken, and another thread may sleep.
const WAITED_FOR: u32 = 2;

/// A value that one thread at a time uses.
pub(super) type Mutex<T> = lock_api::Mutex<Word, T>;

/// The word of a lock.
pub(super) struct Word(AtomicU32);

// SAFETY: a thread has the lock only after it changed the word from `FREE`, by `try_lock` or by the
// swap in `lock`; the next change from `FREE` follows an `unlock`, with Release before Acquire.
unsafe impl lock_api::RawMutex for Word {
    const INIT: Self = Self(AtomicU32::new(FREE));
    type GuardMarker = GuardSend;

    fn lock(&self) {
        if self.try_lock() {
            return;
        }
        // ORDER: Acquire pairs with the Release of the last holder.
        while self.0.swap(WAITED_FOR, Ordering::Acquire) != FREE {
            waiters::wait(&self.0, WAITED_FOR, FOREVER);
        }
    }

    fn try_lock(&self) -> bool {
        // ORDER: Acquire pairs with the Release of the last holder.
        self.0.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    unsafe fn unlock(&self) {
        // ORDER: Release publishes what was written under the lock.
        if self.0.swap(FREE, Ordering::Release) == WAITED_FOR {
            waiters::wake(&self.0, 1);
        }
    }
}
