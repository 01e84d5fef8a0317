//! The stack among the server's tasks, and the task that polls it.

use crate::stack::{Seeds, Stack};
use alloc::rc::Rc;
use core::cell::{Cell, RefCell, RefMut};
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use executor::Executor;
use nic::NicClient;

/// The stack, and the task that polls it. Copies are the same one.
#[derive(Clone)]
pub struct Shared(Rc<Inner>);

struct Inner {
    executor: Executor,
    stack: RefCell<Stack>,
    card: Option<Rc<NicClient>>,
    /// Whether a client did something since the last poll.
    kicked: Cell<bool>,
    poller: Cell<Option<Waker>>,
    attaching: Cell<bool>,
}

impl core::fmt::Debug for Shared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// Over a card, if there may be one; random numbers begin with `seeds`.
    #[must_use]
    pub fn new(executor: &Executor, card: Option<Rc<NicClient>>, seeds: Seeds) -> Self {
        let stack = RefCell::new(Stack::new(card.clone(), seeds));
        let executor = executor.clone();
        let (kicked, poller, attaching) = (Cell::new(true), Cell::new(None), Cell::new(false));
        Self(Rc::new(Inner { executor, stack, card, kicked, poller, attaching }))
    }

    /// Starts the task that polls.
    pub fn start(&self) {
        let shared = self.clone();
        self.0.executor.spawn(async move { shared.run().await }).detach();
    }

    pub(crate) fn executor(&self) -> &Executor {
        &self.0.executor
    }

    pub(crate) fn stack(&self) -> RefMut<'_, Stack> {
        self.0.stack.borrow_mut()
    }

    /// Has the stack polled: a client did something.
    pub(crate) fn kick(&self) {
        self.0.kicked.set(true);
        if let Some(waker) = self.0.poller.take() {
            waker.wake();
        }
    }

    /// Waits until this finds something; it looks after each poll that changed something.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut(&mut Stack) -> Option<T>) -> T {
        poll_fn(|context| {
            let mut stack = self.stack();
            match look(&mut stack) {
                Some(found) => Poll::Ready(found),
                None => {
                    stack.waiting.push(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    async fn run(&self) {
        loop {
            self.attach();
            let pause_ns = self.stack().poll();
            let news = poll_fn(|context| self.poll_news(context));
            match pause_ns {
                None => news.await,
                Some(ns) => {
                    // A pause that is over is a reason to poll, as news is.
                    let _ = self.0.executor.within(ns, news).await;
                }
            }
        }
    }

    /// Attaches to the next life of the card's driver, beside everything else.
    fn attach(&self) {
        let Some(card) = &self.0.card else { return };
        if card.frames().is_attached() || self.0.attaching.replace(true) {
            return;
        }
        let (shared, card) = (self.clone(), card.clone());
        let work = async move {
            card.attach().await;
            shared.0.attaching.set(false);
            shared.kick();
        };
        self.0.executor.spawn(work).detach();
    }

    fn poll_news(&self, context: &mut Context<'_>) -> Poll<()> {
        let news = self.0.card.as_ref().is_some_and(|card| card.poll_news(context).is_ready());
        if self.0.kicked.take() || news {
            return Poll::Ready(());
        }
        self.0.poller.set(Some(context.waker().clone()));
        Poll::Pending
    }
}
