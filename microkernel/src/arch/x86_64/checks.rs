//! Debug checks of the machine side: the frame, flags and stack at an entry, locks at a
//! leave, no log before the core was entered. See `core_kernel::checks`; off they are nothing.

use super::cpu::block::{CPUS, CpuBlock};
use super::cpu::frame::Trap;
use super::cpu::local::PerCpu;
use super::mm::layout::STACK_SLOT;
use core::ops::{Deref, DerefMut};
use core::panic::Location;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicPtr};
use spin::{Mutex, MutexGuard};
use x86_64::registers::rflags::{self, RFlags};

pub(crate) use core_kernel::checks::ON;

/// What the checks keep for one CPU.
#[repr(align(64))]
struct CpuChecks {
    /// It is in user mode, or on its way in or out where nothing may log.
    outside: AtomicBool,
    /// Where the lock was taken that it holds.
    lock: AtomicPtr<Location<'static>>,
}

impl CpuChecks {
    const fn new() -> Self {
        Self { outside: AtomicBool::new(false), lock: AtomicPtr::new(core::ptr::null_mut()) }
    }
}

static CHECKS: PerCpu<CpuChecks> = PerCpu::new([const { CpuChecks::new() }; CPUS]);

/// Flags that kernel code never has.
const UNWANTED: RFlags = RFlags::DIRECTION_FLAG
    .union(RFlags::NESTED_TASK)
    .union(RFlags::ALIGNMENT_CHECK)
    .union(RFlags::TRAP_FLAG)
    .union(RFlags::INTERRUPT_FLAG);

/// What is wrong right after an entry from user mode, if anything.
#[inline]
pub(crate) fn at_entry<'a>(
    cpu: &CpuBlock,
    trap: impl FnOnce() -> &'a Trap,
) -> Option<&'static str> {
    if !ON {
        return None;
    }
    let here = 0_u8;
    let stack = core::ptr::from_ref(&here).addr() as u64;
    let top = cpu.kernel_stack.load(Relaxed);
    found(rflags::read(), stack, top, trap())
}

/// The same, of given values.
pub(crate) fn found(flags: RFlags, stack: u64, top: u64, trap: &Trap) -> Option<&'static str> {
    if flags.intersects(UNWANTED) {
        return Some("flags of the user are set in the kernel");
    }
    if !(top - STACK_SLOT / 2..top).contains(&stack) {
        return Some("not at the top of this CPU's kernel stack");
    }
    if !trap.is_users() {
        return Some("the frame is none of user mode");
    }
    None
}

/// The core was entered: logging is allowed again.
#[inline]
pub(crate) fn inside(cpu: &CpuBlock) {
    if ON {
        CHECKS.of(cpu).outside.store(false, Relaxed);
    }
}

/// The next thing is user mode.
#[inline]
pub(crate) fn outside(cpu: &CpuBlock) {
    if ON {
        CHECKS.of(cpu).outside.store(true, Relaxed);
    }
}

/// Whether the CPU may log: it has entered the core.
#[inline]
pub(crate) fn may_log() -> bool {
    !ON || !CHECKS.here().outside.load(Relaxed)
}

/// Where a lock was taken that this CPU still holds; it counts as given back.
#[inline]
pub(crate) fn held_lock(cpu: &CpuBlock) -> Option<&'static Location<'static>> {
    if !ON {
        return None;
    }
    let place = CHECKS.of(cpu).lock.swap(core::ptr::null_mut(), Relaxed);
    // SAFETY: only `Lock` stores there, and only what `Location::caller` gave: static data.
    unsafe { place.as_ref() }
}

/// A lock of the machine side that must not be held on the way out. One at a time.
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(inside: T) -> Self {
        Self(Mutex::new(inside))
    }

    #[track_caller]
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        if ON {
            let place = core::ptr::from_ref(Location::caller()).cast_mut();
            CHECKS.here().lock.store(place, Relaxed);
        }
        Guard(self.0.lock())
    }
}

/// The lock is held while this exists.
pub(crate) struct Guard<'a, T>(MutexGuard<'a, T>);

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        if ON {
            CHECKS.here().lock.store(core::ptr::null_mut(), Relaxed);
        }
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
