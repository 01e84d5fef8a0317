//! Times that tasks wait for: no kernel object each, only the deadline of the next receive.

use crate::{Executor, Task};
use alloc::collections::BTreeMap;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Poll, Waker};
use futures_util::future::{Either, select};
use sys::FOREVER;

/// The tasks that wait for a time. Two may wait for the same: a number tells them apart.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    waiting: BTreeMap<(u64, u64), Waker>,
    next: u64,
}

impl Timers {
    /// When the next one is due.
    pub(crate) fn next_deadline(&self) -> u64 {
        self.waiting.first_key_value().map_or(FOREVER, |((deadline, _), _)| *deadline)
    }

    /// Wakes all that are due.
    pub(crate) fn passed(&mut self, now_ns: u64) {
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 > now_ns {
                break;
            }
            entry.remove().wake();
        }
    }
}

/// The time was over first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("timed out")
    }
}

impl core::error::Error for TimedOut {}

/// Takes its entry out of the table when the wait is dropped early.
struct Place<'a> {
    executor: &'a Executor,
    key: (u64, u64),
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.executor.timers().waiting.remove(&self.key);
    }
}

impl Executor {
    /// Waits until a time since boot.
    pub async fn sleep_until(&self, deadline_ns: u64) {
        let number = {
            let mut timers = self.timers();
            timers.next += 1;
            timers.next
        };
        let place = Place { executor: self, key: (deadline_ns, number) };
        poll_fn(|context| {
            if sys::clock() >= deadline_ns {
                return Poll::Ready(());
            }
            self.timers().waiting.insert(place.key, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Waits for `ns` nanoseconds.
    pub async fn sleep_for(&self, ns: u64) {
        self.sleep_until(sys::clock().saturating_add(ns)).await;
    }

    /// Rings bits of the notification at a time, for a server that is told of them
    /// ([`Executor::serve_with`]): no task can reach its state. Dropping the task takes it back.
    pub fn ring_at(&self, deadline_ns: u64, bits: u64) -> Task {
        let executor = self.clone();
        self.spawn(async move {
            executor.sleep_until(deadline_ns).await;
            executor.ring(bits);
        })
    }

    /// Waits for a future, but at most `ns` nanoseconds; it is dropped then.
    ///
    /// # Errors
    /// When the time was over first.
    pub async fn within<T>(&self, ns: u64, work: impl Future<Output = T>) -> Result<T, TimedOut> {
        match select(pin!(work), pin!(self.sleep_for(ns))).await {
            Either::Left((value, _)) => Ok(value),
            Either::Right(_) => Err(TimedOut),
        }
    }
}
