//! The words of the locks. Only atomics: `tests/models` tries them out with all interleavings
//! and memory orders.

use super::atomic::{AtomicBool, AtomicU64, Ordering};

/// Acquires a lock, if it is free.
pub(super) fn take(taken: &AtomicBool) -> bool {
    // ORDER: Acquire pairs with the Release of the last holder.
    taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
}

/// Releases a lock.
pub(super) fn release(taken: &AtomicBool) {
    // ORDER: Release publishes what was written under the lock.
    taken.store(false, Ordering::Release);
}

/// A lock that its holder may take again: the holder's number, 0 for none, and how often it has
/// taken it again.
pub(super) struct Section<'a> {
    pub(super) owner: &'a AtomicU64,
    pub(super) again: &'a AtomicU64,
}

impl Section<'_> {
    /// Takes it again, if it is this thread's. Only a thread writes its own number, so what
    /// another one does meanwhile cannot make this a wrong yes.
    pub(super) fn take_again(&self, this: u64) -> bool {
        let own = self.owner.load(Ordering::Relaxed) == this;
        if own {
            self.again.fetch_add(1, Ordering::Relaxed);
        }
        own
    }

    /// Acquires it, if it is free.
    pub(super) fn take(&self, this: u64) -> bool {
        // ORDER: Acquire pairs with the Release of the last holder.
        self.owner.compare_exchange(0, this, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Releases it once. True when it is free now.
    pub(super) fn release(&self) -> bool {
        if self.again.load(Ordering::Relaxed) > 0 {
            self.again.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        // ORDER: Release publishes what was written in the section.
        self.owner.store(0, Ordering::Release);
        true
    }
}
