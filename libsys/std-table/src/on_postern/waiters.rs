//! Threads that wait for a word to change: the futex of this process.
//!
//! A list of waiting threads with their words, in a critical section; each thread has a notification
//! of its own, which the waking thread signals. A lock that is free costs nothing here; one that is
//! waited for costs a system call on each side.

use super::thread;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::sync::atomic::{AtomicU32, Ordering};
use critical_section::Mutex;
use sys::{Error, Notification};

/// A thread that waits.
struct Waiter {
    word: usize,
    bell: Arc<Notification>,
}

static WAITERS: Mutex<RefCell<Vec<Waiter>>> = Mutex::new(RefCell::new(Vec::new()));

fn list<T>(work: impl FnOnce(&mut Vec<Waiter>) -> T) -> T {
    critical_section::with(|section| work(&mut WAITERS.borrow_ref_mut(section)))
}

/// Waits until another thread wakes this one, unless the word is not as expected; false when the
/// deadline came first.
pub(super) fn wait(word: &AtomicU32, expected: u32, deadline_ns: u64) -> bool {
    let Some(bell) = thread::bell() else {
        // Without a notification the caller looks at its word again and again, and others run.
        sys::yield_now();
        return sys::clock() < deadline_ns;
    };
    let address = core::ptr::from_ref(word).addr();
    let waits = list(|waiters| {
        // ORDER: Acquire: what the thread wrote that changed the word is seen.
        let waits = word.load(Ordering::Acquire) == expected;
        if waits {
            waiters.push(Waiter { word: address, bell: bell.clone() });
        }
        waits
    });
    !waits || sleep(&bell, deadline_ns)
}

/// Sleeps until this thread is in the list no longer; false when the deadline came first.
fn sleep(bell: &Arc<Notification>, deadline_ns: u64) -> bool {
    loop {
        let late = bell.wait(deadline_ns) == Err(Error::TimedOut);
        let found = list(|waiters| {
            let place = waiters.iter().position(|waiter| Arc::ptr_eq(&waiter.bell, bell));
            // One that is late does not wait any more.
            place.map(|place| late.then(|| waiters.remove(place)))
        });
        match found {
            None if late => {
                // It was woken all the same: the signal is there, or on its way.
                let _ = bell.wait(sys::FOREVER);
                return true;
            }
            None => return true,
            Some(Some(_)) => return false,
            // The signal of an earlier wait, or a handler: on.
            Some(None) => {}
        }
    }
}

/// Wakes up to `most` threads that wait for this word; how many there were.
pub(super) fn wake(word: &AtomicU32, most: usize) -> usize {
    wake_at(core::ptr::from_ref(word).addr(), most)
}

/// The same for the word at an address, which need not be there any more.
pub(super) fn wake_at(address: usize, most: usize) -> usize {
    let mut count = 0;
    while count < most {
        let bell = list(|waiters| {
            let place = waiters.iter().position(|waiter| waiter.word == address)?;
            Some(waiters.remove(place).bell)
        });
        let Some(bell) = bell else { break };
        // It fails only for a notification that is gone, and the waiting thread holds it.
        let _ = bell.signal(1);
        count += 1;
    }
    count
}
