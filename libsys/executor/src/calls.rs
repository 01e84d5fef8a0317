//! Work for a call, which ends when its caller stops waiting.

use crate::Executor;
use crate::bits::{Bit, Bits};
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Poll, Waker};
use futures_util::future::{Either, select};
use serde::Serialize;
use service::Reply;
use sys::{Error, Notification};

/// The tasks that must check whether their caller still waits.
pub(crate) struct Calls {
    bit: Bit,
    /// The number of times that the kernel said that some caller does not.
    news: Cell<u64>,
    waiting: RefCell<BTreeMap<u64, Waker>>,
    next: Cell<u64>,
}

impl Calls {
    /// Has the kernel tell of callers that stop waiting.
    pub(crate) fn watch(bell: &Notification, bits: &Rc<RefCell<Bits>>) -> Result<Self, Error> {
        let bit = Bit::any(bits).ok_or(Error::OutOfMemory)?;
        sys::watch_calls(bell, bit.mask())?;
        let (waiting, next) = (RefCell::default(), Cell::new(0));
        Ok(Self { bit, news: Cell::new(0), waiting, next })
    }

    pub(crate) fn wake(&self, bits: u64) {
        if bits & self.bit.mask() != 0 {
            self.news.set(self.news.get() + 1);
            self.waiting.take().into_values().for_each(Waker::wake);
        }
    }

    /// What the work comes to, if the caller waits for so long.
    async fn while_wanted<T>(&self, reply: &Reply<T>, work: impl Future<Output = T>) -> Option<T> {
        match select(pin!(work), pin!(self.given_up(reply))).await {
            Either::Left((value, _)) => Some(value),
            Either::Right(_) => None,
        }
    }

    /// Waits until the caller waits no longer.
    async fn given_up<T>(&self, reply: &Reply<T>) {
        let place = Place { calls: self, number: self.next.replace(self.next.get() + 1) };
        let mut seen = None;
        poll_fn(|context| {
            if seen.replace(self.news.get()) != Some(self.news.get()) && !reply.waits() {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().insert(place.number, context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Takes its entry out of the table when the wait is over.
struct Place<'a> {
    calls: &'a Calls,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.calls.waiting.borrow_mut().remove(&self.number);
    }
}

impl Executor {
    /// Answers a call with what a future comes to. The future is dropped where it waits when
    /// the caller is killed, times out or is interrupted.
    pub fn answer<T: Serialize + 'static>(
        &self,
        reply: Reply<T>,
        work: impl Future<Output = T> + 'static,
    ) {
        let executor = self.clone();
        self.spawn(async move {
            if let Some(value) = executor.calls().while_wanted(&reply, work).await {
                reply.send(value);
            }
        })
        .detach();
    }
}
