//! The one kernel lock.
//!
//! Taken with interrupts off. A CPU that waits serves requests to forget translations, or
//! the CPU that holds the kernel and asks for it would wait for ever.
//!
//! Not first come, first served: on an emulated machine the next in line may be a CPU that
//! the host does not run just now, and everybody would wait for it. Instead a CPU that
//! lets go between two turns gives those who wait a chance, so that a long operation does
//! not keep them out.

use super::super::cpu::CpuBlock;
use super::super::mm::shootdown;
use super::super::time;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU64};

/// How often a CPU that has let go looks whether somebody else has taken hold.
const COURTESY: u32 = 100;

/// What one CPU at a time may hold.
pub(super) struct Lock<T> {
    taken: AtomicBool,
    /// How many CPUs wait.
    waiting: AtomicU64,
    /// How often one had to wait.
    waits: AtomicU64,
    /// The longest time that it was held, in time stamps.
    longest: AtomicU64,
    inside: UnsafeCell<T>,
}

// SAFETY: the inside is reached only through a `Hold`, and `taken` lets one exist at a time.
unsafe impl<T: Send> Sync for Lock<T> {}

/// This CPU holds it.
pub(super) struct Hold<T: 'static> {
    lock: &'static Lock<T>,
    cpu: &'static CpuBlock,
    since: u64,
}

impl<T> Lock<T> {
    pub(super) const fn new(inside: T) -> Self {
        Self {
            taken: AtomicBool::new(false),
            waiting: AtomicU64::new(0),
            waits: AtomicU64::new(0),
            longest: AtomicU64::new(0),
            inside: UnsafeCell::new(inside),
        }
    }

    /// Waits until nobody holds it; for how long, in time stamps.
    pub(super) fn hold(&'static self, cpu: &'static CpuBlock) -> (Hold<T>, u64) {
        let waited = self.take(cpu);
        (Hold { lock: self, cpu, since: measure() }, waited)
    }

    #[inline(always)]
    fn take(&self, cpu: &CpuBlock) -> u64 {
        if self.taken.swap(true, Acquire) { self.wait(cpu) } else { 0 }
    }

    #[cold]
    fn wait(&self, cpu: &CpuBlock) -> u64 {
        let since = time::stamp();
        self.waits.fetch_add(1, Relaxed);
        self.waiting.fetch_add(1, Relaxed);
        while self.taken.load(Relaxed) || self.taken.swap(true, Acquire) {
            shootdown::serve(cpu);
            core::hint::spin_loop();
        }
        self.waiting.fetch_sub(1, Relaxed);
        time::stamp().saturating_sub(since)
    }

    /// Whoever waits may go first.
    fn give_way(&self, cpu: &CpuBlock) {
        for _ in 0..COURTESY {
            if self.waiting.load(Relaxed) == 0 || self.taken.load(Relaxed) {
                return;
            }
            shootdown::serve(cpu);
            core::hint::spin_loop();
        }
    }

    fn release(&self, since: u64) {
        if cfg!(feature = "checks") {
            let held = measure() - since;
            self.longest.store(held.max(self.longest.load(Relaxed)), Relaxed);
        }
        self.taken.store(false, Release);
    }
}

/// The time stamp where it is wanted.
fn measure() -> u64 {
    if cfg!(feature = "checks") { time::stamp() } else { 0 }
}

impl<T> Hold<T> {
    /// Lets go for as long as `meanwhile` takes, and for whoever waits; how long it waited then
    /// itself.
    pub(super) fn let_go_for(&mut self, meanwhile: impl FnOnce()) -> u64 {
        self.lock.release(self.since);
        meanwhile();
        self.lock.give_way(self.cpu);
        let waited = self.lock.take(self.cpu);
        self.since = measure();
        waited
    }

    /// How often a CPU had to wait, and the longest time it was held (in time stamps; 0
    /// when that is not measured).
    pub(super) fn statistics(&self) -> (u64, u64) {
        (self.lock.waits.load(Relaxed), self.lock.longest.load(Relaxed))
    }
}

impl<T> Drop for Hold<T> {
    fn drop(&mut self) {
        self.lock.release(self.since);
    }
}

impl<T> Deref for Hold<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: 1. While a `Hold` exists, `taken` is set and no other one exists, except
        // inside `let_go_for`, which borrows this one for itself alone. 2. Acquire of `take`
        // pairs with Release of `release`: what the last CPU did is seen.
        unsafe { &*self.lock.inside.get() }
    }
}

impl<T> DerefMut for Hold<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as for `deref`, and `self` is borrowed exclusively.
        unsafe { &mut *self.lock.inside.get() }
    }
}
