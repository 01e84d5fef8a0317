//! A thread that is diverted while it computes.

use crate::{checksum, escape};
use alloc::format;
use alloc::sync::Arc;
use console_api::stdio::Stdio;
use core::sync::atomic::{AtomicU64, Ordering};
use rt::Failure;
use sys::{Notification, Priority};

/// Pictures that the thread computes.
const PICTURES: u64 = 10;
/// How long it is left alone.
const PAUSE_NS: u64 = 200_000;

/// How often the handler ran, and what it found.
static UPCALLS: AtomicU64 = AtomicU64::new(0);
static FOUND: AtomicU64 = AtomicU64::new(0);
/// Pictures that are done, and whether all were right.
static DONE: AtomicU64 = AtomicU64::new(0);
static WRONG: AtomicU64 = AtomicU64::new(0);

/// Diverts a thread of lower priority, so that it happens anywhere in its work.
pub(crate) fn run(stdio: &mut Stdio) -> Result<(), Failure> {
    let wanted = checksum();
    let bell = Arc::new(Notification::create()?);
    let own = bell.clone();
    let thread = sys::spawn_thread(8, Priority(9), move || {
        let registered = sys::upcall::register(&own, |_, _| compute(), 0);
        WRONG.fetch_add(u64::from(registered.is_err()), Ordering::Relaxed);
        for _ in 0..PICTURES {
            WRONG.fetch_add(u64::from(checksum() != wanted), Ordering::Relaxed);
            DONE.fetch_add(1, Ordering::Release);
        }
        sys::sleep_until(sys::FOREVER);
    })?;
    while DONE.load(Ordering::Acquire) < PICTURES {
        sys::sleep_for(PAUSE_NS);
        bell.signal(1)?;
    }
    thread.kill()?;
    let (upcalls, wrong) = (UPCALLS.load(Ordering::Relaxed), WRONG.load(Ordering::Relaxed));
    stdio.print(format!("{upcalls} upcalls, {wrong} of {PICTURES} pictures differ\n"))?;
    Ok(())
}

/// The handler: floating point of its own.
fn compute() {
    let (depth, radius) = escape(-0.7, 0.3);
    FOUND.fetch_xor(radius.to_bits() ^ depth, Ordering::Relaxed);
    UPCALLS.fetch_add(1, Ordering::Relaxed);
}
