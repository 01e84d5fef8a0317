//! Futexes, keys, threads.

use super::super::answer::of_kernel;
use super::super::thread::{self, Destructor};
use super::super::{foreign, waiters};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};
use moto_rt::{E_INVALID_ARGUMENT, E_OK, Error, ErrorCode};
use sys::{FOREVER, PAGE_SIZE, Priority, Process};

/// Pages that a thread has beside those that its program asks for: for what ends it.
const EXTRA_PAGES: u64 = 4;
const RUNS: u32 = 0;
const ENDED: u32 = 1;

/// 0 when the time was up first.
pub(in super::super) unsafe extern "C" fn futex_wait(
    word: *const AtomicU32,
    expected: u32,
    timeout_ns: u64,
) -> u32 {
    let deadline = match timeout_ns {
        u64::MAX => FOREVER,
        ns => sys::clock().saturating_add(ns),
    };
    // SAFETY: the library passes a reference.
    u32::from(waiters::wait(unsafe { &*word }, expected, deadline))
}

/// The word may be gone by now: only its address is used.
pub(in super::super) extern "C" fn futex_wake(word: *const AtomicU32) -> u32 {
    u32::from(waiters::wake_at(word.addr(), 1) > 0)
}

pub(in super::super) extern "C" fn futex_wake_all(word: *const AtomicU32) {
    waiters::wake_at(word.addr(), usize::MAX);
}

pub(in super::super) extern "C" fn tls_create(destructor: Option<Destructor>) -> usize {
    thread::create_key(destructor)
}

pub(in super::super) extern "C" fn tls_set(key: usize, value: usize) {
    thread::set_value(key, value);
}

pub(in super::super) extern "C" fn tls_get(key: usize) -> usize {
    thread::value(key)
}

pub(in super::super) extern "C" fn tls_destroy(key: usize) {
    thread::forget_key(key);
}

/// A handle to join the thread with, or the code of an error: codes are below all addresses.
pub(in super::super) extern "C" fn spawn(
    body: extern "C" fn(u64),
    stack_bytes: usize,
    argument: u64,
) -> u64 {
    let state = Arc::new(AtomicU32::new(RUNS));
    let told = state.clone();
    let work = move || {
        body(argument);
        // SAFETY: the library set the values; nothing of the program runs in this thread any more.
        unsafe { thread::end() };
        // ORDER: Release: what the thread did is seen by the one that joins it.
        told.store(ENDED, Ordering::Release);
        waiters::wake(&told, usize::MAX);
    };
    let pages = (stack_bytes as u64).div_ceil(PAGE_SIZE).saturating_add(EXTRA_PAGES);
    match sys::spawn_thread(pages, priority(), work) {
        Ok(thread) => {
            // The thread runs on without a handle.
            drop(thread);
            Arc::into_raw(state).expose_provenance() as u64
        }
        Err(error) => ErrorCode::from(of_kernel(error)).into(),
    }
}

/// That of the process: the library knows no others.
fn priority() -> Priority {
    Process::own_info()
        .map_or(Priority(1), |info| Priority(u8::try_from(info.limit.max_priority).unwrap_or(1)))
}

/// Waits for the end of a thread; the handle is used up.
pub(in super::super) unsafe extern "C" fn join(handle: u64) -> ErrorCode {
    let Ok(address) = usize::try_from(handle) else { return E_INVALID_ARGUMENT };
    let state = core::ptr::with_exposed_provenance::<AtomicU32>(address);
    // SAFETY: the library joins a thread that it started once, with the handle from `spawn`.
    let state = unsafe { Arc::from_raw(state) };
    // ORDER: Acquire pairs with the Release of the thread's end.
    while state.load(Ordering::Acquire) == RUNS {
        waiters::wait(&state, RUNS, FOREVER);
    }
    E_OK
}

pub(in super::super) extern "C" fn sleep(until_tick: u64) {
    sys::sleep_until(until_tick);
}

pub(in super::super) extern "C" fn yield_now() {
    sys::yield_now();
}

/// The kernel keeps no names of threads; the library has its own for messages.
pub(in super::super) unsafe extern "C" fn set_name(name: *const u8, len: usize) -> ErrorCode {
    // SAFETY: the library passes a text.
    match unsafe { foreign::text(name, len) } {
        Ok(_) => E_OK,
        Err(error) => Error::into(error),
    }
}
