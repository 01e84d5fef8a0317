//! What the copies of a client share, and the task that sends and collects.

use super::way::Way;
use crate::client::requests::{Requests, Ticket};
use crate::client::{Door, LOOK_NS, LOOKS, PAUSE_MOST_NS, PAUSE_NS, Pool, may_pass};
use crate::{Attached, BlockError, Completion, Request};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use executor::{Bit, Executor, Remote};
use queue::{Channel, QueueError};
use sys::Rights;

/// What the copies of a client share.
pub(super) struct Inner {
    pub(super) executor: Executor,
    pub(super) news: Bit,
    pub(super) end: Bit,
    pub(super) door: Remote<Box<dyn Door>>,
    pub(super) pool: RefCell<Pool>,
    pub(super) requests: RefCell<Requests>,
    /// Futures that wait for a unit or a part of the pool.
    pub(super) waiting: RefCell<Vec<Waker>>,
    /// Futures that wait for a result, by the place of their request.
    pub(super) results: RefCell<Vec<Option<Waker>>>,
    /// The task that sends, and whether there is something to send.
    pub(super) pump: Cell<Option<Waker>>,
    pub(super) kicked: Cell<bool>,
    /// Whether the watchdog runs, and whether there was a completion since it looked.
    pub(super) watched: Cell<bool>,
    pub(super) progress: Cell<bool>,
    pub(super) patience_ns: Cell<u64>,
}

impl Inner {
    /// Waits until an attempt succeeds; tried after each change.
    pub(super) async fn room<T>(&self, attempt: impl Fn(&Self) -> Option<T>) -> T {
        poll_fn(|context| match attempt(self) {
            Some(value) => Poll::Ready(value),
            None => {
                self.waiting.borrow_mut().push(context.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    /// Waits for the end of a request.
    pub(super) async fn result(&self, ticket: Ticket) -> Result<(), BlockError> {
        poll_fn(|context| match self.requests.borrow_mut().take_result(ticket) {
            Some(result) => Poll::Ready(result),
            None => {
                if let Some(place) = self.results.borrow_mut().get_mut(ticket.place()) {
                    *place = Some(context.waker().clone());
                }
                Poll::Pending
            }
        })
        .await
    }

    /// Wakes the futures whose requests have ended, and gives buffers of abandoned ones back.
    pub(super) fn wake_ended(&self) {
        let mut requests = self.requests.borrow_mut();
        let mut results = self.results.borrow_mut();
        for place in requests.take_done() {
            if let Some(waker) = results.get_mut(place).and_then(Option::take) {
                waker.wake();
            }
        }
        let mut returned = false;
        for part in requests.take_parts() {
            self.pool.borrow_mut().give_back(part);
            returned = true;
        }
        drop((requests, results));
        if returned {
            self.wake();
        }
    }

    pub(super) fn wake(&self) {
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    /// Has the pump send, after the tasks that are running have said what they want.
    pub(super) fn kick(&self) {
        self.kicked.set(true);
        if let Some(pump) = self.pump.take() {
            pump.wake();
        }
    }

    /// The pump: sends, collects, attaches again.
    pub(super) async fn run(self: Rc<Self>) {
        loop {
            match self.turn() {
                Ok(true) => self.wake_ended(),
                Ok(false) => {}
                Err(_) => {
                    self.attach_again().await;
                    self.wake_ended();
                    continue;
                }
            }
            self.watch();
            let ended = poll_fn(|context| self.poll_news(context)).await;
            if ended && self.has_ended() {
                self.requests.borrow_mut().detach();
            }
        }
    }

    pub(super) fn turn(&self) -> Result<bool, QueueError> {
        let mut requests = self.requests.borrow_mut();
        requests.send()?;
        let any = requests.collect(true)?;
        if any {
            self.progress.set(true);
        }
        Ok(any)
    }

    /// Whether the driver is gone. What it sent before is collected by the next turn, or sent
    /// again in its next life.
    pub(super) fn has_ended(&self) -> bool {
        let requests = self.requests.borrow();
        requests.channel().is_none_or(|channel| channel.check_peer().is_err())
    }

    /// Ready when a bit was set or there is something to send: whether it was the driver's end.
    pub(super) fn poll_news(&self, context: &mut Context<'_>) -> Poll<bool> {
        let end = pin!(self.end.wait()).poll(context).is_ready();
        let news = pin!(self.news.wait()).poll(context).is_ready();
        if self.kicked.take() || news || end {
            return Poll::Ready(end);
        }
        self.pump.set(Some(context.waker().clone()));
        Poll::Pending
    }

    /// Starts the watchdog: it runs while requests are open.
    pub(super) fn watch(self: &Rc<Self>) {
        if self.watched.get() || self.requests.borrow().open() == 0 {
            return;
        }
        self.watched.set(true);
        let inner = Rc::downgrade(self);
        let executor = self.executor.clone();
        let work = async move {
            let mut looks = 0;
            loop {
                executor.sleep_for(LOOK_NS).await;
                let Some(inner) = inner.upgrade() else { return };
                looks = if inner.progress.take() { 0 } else { looks + 1 };
                if inner.requests.borrow().open() == 0 {
                    inner.watched.set(false);
                    return;
                }
                inner.look(looks);
            }
        };
        self.executor.spawn(work).detach();
    }

    /// Nothing came for some looks: a damaged ring may have lost a wake-up, or more.
    pub(super) fn look(&self, looks: u32) {
        if looks > 1 && looks < LOOKS {
            // An error is found by the next turn.
            let _ = self.requests.borrow().channel().map_or(Ok(()), Channel::ring);
            self.kick();
        } else if looks >= LOOKS {
            self.requests.borrow_mut().detach();
            self.kick();
        }
    }

    pub(super) async fn attach_again(&self) {
        self.requests.borrow_mut().detach();
        let units = u16::try_from(self.requests.borrow().units()).unwrap_or(1);
        let deadline_ns = sys::clock().saturating_add(self.patience_ns.get());
        let mut pause_ns = PAUSE_NS;
        loop {
            match self.try_attach(units).await {
                Ok((channel, attached)) => {
                    return self.requests.borrow_mut().attach(channel, attached);
                }
                Err(error) if may_pass(error) && sys::clock() < deadline_ns => {
                    self.executor.sleep_for(pause_ns).await;
                    pause_ns = (2 * pause_ns).min(PAUSE_MOST_NS);
                }
                Err(_) => {
                    self.requests.borrow_mut().give_up();
                    self.wake_ended();
                    // Until there is something to send again.
                    return poll_fn(|context| self.poll_news(context).map(|_| ())).await;
                }
            }
        }
    }

    pub(super) async fn try_attach(
        &self,
        units: u16,
    ) -> Result<(Channel<Request, Completion>, Attached), BlockError> {
        let way = self.way();
        let memory = self.pool.borrow().memory().copy(Rights::ALL)?;
        let (offer, attached) = way.call(&memory, units).await?;
        Ok((way.open(offer)?, attached))
    }

    pub(super) fn way(&self) -> Way<'_> {
        Way { executor: &self.executor, news: &self.news, end: &self.end, door: &self.door }
    }
}
