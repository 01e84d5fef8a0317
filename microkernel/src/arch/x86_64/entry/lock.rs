//! The one kernel lock.
//!
//! Acquired with interrupts off. A CPU that waits serves TLB shootdowns, or the CPU that holds the
//! kernel and asks for one would wait for ever.
//!
//! Not first come, first served: on an emulated machine the next in line may be a CPU that the host
//! does not run just now, and all others would wait for it. Instead a CPU that releases the lock
//! between two sections lets waiting CPUs go first, so that a long operation does not keep them out.

mod turn;

use super::super::checks::ON;
use super::super::cpu::block::CpuBlock;
use super::super::hardware::Hardware;
use super::super::mm::shootdown;
use super::super::time;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::Ordering::{Relaxed, Release};
use core::sync::atomic::{self, AtomicBool, AtomicU64};
use core_kernel::Kernel;

/// What it guards.
pub(super) type Core = Kernel<Hardware>;

struct Lock {
    taken: AtomicBool,
    /// The number of CPUs that wait.
    waiting: AtomicU64,
    /// The number of times that one had to wait.
    waits: AtomicU64,
    /// When it was acquired, in time stamps; 0 without the checks.
    since: AtomicU64,
    inside: UnsafeCell<MaybeUninit<Core>>,
}

// SAFETY: the inside is reached only through a `Hold`, and `taken` lets one exist at a time.
unsafe impl Sync for Lock where Core: Send {}

/// Taken until [`publish`].
static LOCK: Lock = Lock {
    taken: AtomicBool::new(true),
    waiting: AtomicU64::new(0),
    waits: AtomicU64::new(0),
    since: AtomicU64::new(0),
    inside: UnsafeCell::new(MaybeUninit::uninit()),
};

/// This CPU holds it.
pub(super) struct Hold(());

/// Puts the kernel in. A second kernel would take the first one's memory from under its holders.
pub(super) fn publish(core: Core) {
    static PUBLISHED: AtomicBool = AtomicBool::new(false);
    assert!(!PUBLISHED.swap(true, Relaxed), "a second kernel");
    // SAFETY: the lock is taken from the start, and this is the first call: there is no `Hold`.
    unsafe { (*LOCK.inside.get()).write(core) };
    LOCK.taken.store(false, Release);
}

/// Waits until no CPU holds it. Returns how long that took, in time stamps.
#[inline(always)]
pub(super) fn acquire(cpu: &CpuBlock) -> (Hold, u64) {
    let waited = LOCK.acquire(cpu);
    (Hold(()), waited)
}

impl Lock {
    #[inline(always)]
    fn acquire(&self, cpu: &CpuBlock) -> u64 {
        let waited = if turn::try_acquire(&self.taken) { 0 } else { self.wait(cpu) };
        if ON {
            self.since.store(time::stamp(), Relaxed);
        }
        waited
    }

    #[cold]
    fn wait(&self, cpu: &CpuBlock) -> u64 {
        let since = time::stamp();
        self.waits.fetch_add(1, Relaxed);
        turn::wait(&self.taken, &self.waiting, || serve(cpu));
        time::stamp().saturating_sub(since)
    }

    /// A CPU that waits may go first.
    fn let_waiting_first(&self, cpu: &CpuBlock) {
        turn::let_waiting_first(&self.taken, &self.waiting, || serve(cpu));
    }

    #[inline(always)]
    fn release(&self) {
        turn::release(&self.taken);
    }
}

/// What a CPU does while it waits: it serves TLB shootdowns, and pauses.
fn serve(cpu: &CpuBlock) {
    shootdown::serve(cpu);
    core::hint::spin_loop();
}

impl Hold {
    /// Releases the lock while `meanwhile` runs, lets a waiting CPU go first, and acquires it again.
    /// Returns the time that this CPU waited, in time stamps.
    pub(super) fn release_during(&mut self, cpu: &CpuBlock, meanwhile: impl FnOnce()) -> u64 {
        self.end();
        meanwhile();
        LOCK.let_waiting_first(cpu);
        LOCK.acquire(cpu)
    }

    /// Tells the core how long this took, and releases the lock.
    #[inline(always)]
    fn end(&mut self) {
        if ON {
            let held = time::stamp().saturating_sub(LOCK.since.load(Relaxed));
            self.hold_ends(held);
        }
        LOCK.release();
    }

    /// The number of times that a CPU had to wait.
    pub(super) fn waits(&self) -> u64 {
        LOCK.waits.load(Relaxed)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.end();
    }
}

impl Deref for Hold {
    type Target = Core;

    fn deref(&self) -> &Core {
        // SAFETY: 1. While a `Hold` exists, `taken` is set and no other one exists, except
        // inside `release_during`, which borrows this one for itself alone. 2. `taken` is set from
        // the start until `publish` has put the kernel in. 3. Acquire of `acquire` pairs with
        // Release of `release`: what the last CPU did is seen.
        unsafe { (*LOCK.inside.get()).assume_init_ref() }
    }
}

impl DerefMut for Hold {
    fn deref_mut(&mut self) -> &mut Core {
        // SAFETY: as for `deref`, and `self` is borrowed exclusively.
        unsafe { (*LOCK.inside.get()).assume_init_mut() }
    }
}
