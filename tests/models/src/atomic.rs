//! Loom's atomics. It takes `SeqCst` for `AcqRel`, but knows fences: a sequentially consistent
//! access is a fence and the access, as compilers translate it for CPUs with weak orders.

use loom::sync::atomic::fence;
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};

/// A word of 32 bits.
#[derive(Debug)]
pub(crate) struct AtomicU32(loom::sync::atomic::AtomicU32);

impl AtomicU32 {
    pub(crate) fn new(value: u32) -> Self {
        Self(loom::sync::atomic::AtomicU32::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u32 {
        self.0.load(weaker(order, Ordering::Acquire))
    }

    pub(crate) fn store(&self, value: u32, order: Ordering) {
        self.0.store(value, weaker(order, Ordering::Release));
    }
}

/// A flag that threads wait for.
#[derive(Debug)]
pub(crate) struct AtomicBool(loom::sync::atomic::AtomicBool);

impl AtomicBool {
    pub(crate) fn new(value: bool) -> Self {
        Self(loom::sync::atomic::AtomicBool::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> bool {
        self.0.load(order)
    }

    /// An exchange, so that loom knows its place among the exchanges of others: an exchange that
    /// read the value before this one comes before it. Loom does not conclude that for a store,
    /// and would let a loop that waits read its own old value for ever.
    pub(crate) fn store(&self, value: bool, order: Ordering) {
        self.0.swap(value, order);
    }

    pub(crate) fn swap(&self, value: bool, order: Ordering) -> bool {
        self.0.swap(value, order)
    }

    pub(crate) fn compare_exchange(
        &self,
        old: bool,
        new: bool,
        success: Ordering,
        failure: Ordering,
    ) -> Result<bool, bool> {
        self.0.compare_exchange(old, new, success, failure)
    }
}

fn weaker(order: Ordering, instead: Ordering) -> Ordering {
    if order == Ordering::SeqCst {
        fence(Ordering::SeqCst);
        return instead;
    }
    order
}
