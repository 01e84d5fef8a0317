//! A client on the executor: requests are futures.

use super::requests::{Requests, Ticket};
use super::{Door, LOOK_NS, LOOKS, PATIENCE_NS, PAUSE_MOST_NS, PAUSE_NS, Pool, PoolPart, may_pass};
use crate::{Attached, Bits, BlockError, Identity, Operation};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell, RefMut};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use executor::{Bit, Executor, Remote, Task};
use queue::{Bell, Channel, Offer, QueueError};
use sys::{Memory, Priority, Rights};

/// A disk, or a part of one, for tasks of an executor. Requests of tasks that run one after
/// another go to the driver in one batch. Over deaths of the driver they wait.
#[derive(Clone)]
pub struct AsyncBlockClient {
    inner: Rc<Inner>,
    /// Ends with the last copy of the client.
    _pump: Rc<Task>,
}

struct Inner {
    executor: Executor,
    news: Bit,
    end: Bit,
    door: Remote<Box<dyn Door>>,
    pool: RefCell<Pool>,
    requests: RefCell<Requests>,
    /// Futures that wait for a unit or a part of the pool.
    waiting: RefCell<Vec<Waker>>,
    /// Futures that wait for a result, by the place of their request.
    results: RefCell<Vec<Option<Waker>>>,
    /// The task that sends, and whether there is something to send.
    pump: Cell<Option<Waker>>,
    kicked: Cell<bool>,
    /// Whether the watchdog runs, and whether there was a completion since it looked.
    watched: Cell<bool>,
    progress: Cell<bool>,
    patience_ns: Cell<u64>,
}

impl core::fmt::Debug for AsyncBlockClient {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AsyncBlockClient").finish_non_exhaustive()
    }
}

impl AsyncBlockClient {
    /// Attaches, with a pool of this number of pages and at most this number of requests in
    /// flight. A thread of this priority makes the calls that wait for the driver.
    ///
    /// # Errors
    /// What the driver refuses; [`BlockError::NoDriver`] when there is none.
    pub async fn attach(
        executor: &Executor,
        door: impl Door,
        pool_pages: u64,
        units: u16,
        priority: Priority,
    ) -> Result<Self, BlockError> {
        let pool = Pool::create(pool_pages)?;
        let (news, end) = (executor.bit()?, executor.bit()?);
        let door: Box<dyn Door> = Box::new(door);
        let door = Remote::new(executor, door, priority)?;
        let way = Way { executor, news: &news, end: &end, door: &door };
        let (offer, attached) = way.call(pool.memory(), units).await?;
        let requests = Requests::new(way.open(offer)?, attached);
        let results = RefCell::new(alloc::vec![None; requests.units()]);
        let requests = RefCell::new(requests);
        let inner = Rc::new(Inner {
            executor: executor.clone(),
            news,
            end,
            door,
            pool: RefCell::new(pool),
            requests,
            waiting: RefCell::default(),
            results,
            pump: Cell::new(None),
            kicked: Cell::new(false),
            watched: Cell::new(false),
            progress: Cell::new(false),
            patience_ns: Cell::new(PATIENCE_NS),
        });
        let _pump = Rc::new(executor.spawn(inner.clone().run()));
        Ok(Self { inner, _pump })
    }

    /// Waits at most this long, instead of 30 seconds, for each next life of the driver.
    #[must_use]
    pub fn with_patience(self, patience_ns: u64) -> Self {
        self.inner.patience_ns.set(patience_ns);
        self
    }

    /// The disk; `sectors` and `read_only` are those of this client's part.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.inner.requests.borrow().identity().clone()
    }

    /// The pool.
    pub fn pool(&self) -> RefMut<'_, Pool> {
        self.inner.pool.borrow_mut()
    }

    /// Takes a part of the pool; waits until one is free.
    pub async fn take(&self, sectors: u32) -> PoolPart {
        self.inner.room(|inner| inner.pool.borrow_mut().take(sectors).ok()).await
    }

    /// Gives a part back.
    pub fn give_back(&self, part: PoolPart) {
        self.inner.pool.borrow_mut().give_back(part);
        self.inner.wake();
    }

    /// Reads into a part of the pool, which comes back. When the future is dropped early the part
    /// goes back into the pool after the device is done with it.
    pub async fn read(&self, lba: u64, part: PoolPart) -> (PoolPart, Result<(), BlockError>) {
        self.transfer(Operation::Read, lba, part).await
    }

    /// Writes a part of the pool, which comes back as for [`AsyncBlockClient::read`].
    pub async fn write(&self, lba: u64, part: PoolPart) -> (PoolPart, Result<(), BlockError>) {
        self.transfer(Operation::Write, lba, part).await
    }

    /// Makes all writes last that were completed before.
    ///
    /// # Errors
    /// [`BlockError::WritesLost`] when some were lost, and what the driver says.
    pub async fn flush(&self) -> Result<(), BlockError> {
        self.request(Operation::Flush, 0, 0, &mut None).await
    }

    /// Says that the content of sectors is of no use any more.
    ///
    /// # Errors
    /// [`BlockError::Unsupported`], and what the driver says.
    pub async fn discard(&self, lba: u64, sectors: u32) -> Result<(), BlockError> {
        self.request(Operation::Discard, lba, sectors, &mut None).await
    }

    async fn transfer(
        &self,
        operation: Operation,
        lba: u64,
        part: PoolPart,
    ) -> (PoolPart, Result<(), BlockError>) {
        let sectors = part.sectors();
        let mut part = Some(part);
        let result = self.request(operation, lba, sectors, &mut part).await;
        (part.unwrap_or_default(), result)
    }

    /// A request; waits for a unit, then for its end.
    async fn request(
        &self,
        operation: Operation,
        lba: u64,
        sectors: u32,
        part: &mut Option<PoolPart>,
    ) -> Result<(), BlockError> {
        let inner = &*self.inner;
        let offset = part.as_ref().map_or(0, PoolPart::offset);
        let start = |inner: &Inner| {
            let started = inner.requests.borrow_mut().start(operation, lba, offset, sectors);
            (started != Err(BlockError::Full)).then_some(started)
        };
        let mut flying = Flying { inner, ticket: None, part: part.take() };
        let result = match inner.room(start).await {
            Ok(ticket) => {
                flying.ticket = Some(ticket);
                inner.kick();
                inner.result(ticket).await
            }
            Err(error) => Err(error),
        };
        flying.ticket = None;
        *part = flying.part.take();
        result
    }
}

/// A request on its way. Dropped before its end, its part of the pool stays with it.
struct Flying<'a> {
    inner: &'a Inner,
    ticket: Option<Ticket>,
    part: Option<PoolPart>,
}

impl Drop for Flying<'_> {
    fn drop(&mut self) {
        let part = match self.ticket {
            Some(ticket) => self.inner.requests.borrow_mut().abandon(ticket, self.part.take()),
            None => self.part.take(),
        };
        if let Some(part) = part {
            self.inner.pool.borrow_mut().give_back(part);
        }
        self.inner.wake();
    }
}

impl Inner {
    /// Waits until an attempt succeeds; tried after each change.
    async fn room<T>(&self, attempt: impl Fn(&Self) -> Option<T>) -> T {
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
    async fn result(&self, ticket: Ticket) -> Result<(), BlockError> {
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
    fn wake_ended(&self) {
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

    fn wake(&self) {
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    /// Has the pump send, after the tasks that are running have said what they want.
    fn kick(&self) {
        self.kicked.set(true);
        if let Some(pump) = self.pump.take() {
            pump.wake();
        }
    }

    /// The pump: sends, collects, attaches again.
    async fn run(self: Rc<Self>) {
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

    fn turn(&self) -> Result<bool, QueueError> {
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
    fn has_ended(&self) -> bool {
        let requests = self.requests.borrow();
        requests.channel().is_none_or(|channel| channel.check_peer().is_err())
    }

    /// Ready when a bit was set or there is something to send: whether it was the driver's end.
    fn poll_news(&self, context: &mut Context<'_>) -> Poll<bool> {
        let end = pin!(self.end.wait()).poll(context).is_ready();
        let news = pin!(self.news.wait()).poll(context).is_ready();
        if self.kicked.take() || news || end {
            return Poll::Ready(end);
        }
        self.pump.set(Some(context.waker().clone()));
        Poll::Pending
    }

    /// Starts the watchdog: it runs while requests are open.
    fn watch(self: &Rc<Self>) {
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
    fn look(&self, looks: u32) {
        if looks > 1 && looks < LOOKS {
            // An error is found by the next turn.
            let _ = self.requests.borrow().channel().map_or(Ok(()), Channel::ring);
            self.kick();
        } else if looks >= LOOKS {
            self.requests.borrow_mut().detach();
            self.kick();
        }
    }

    async fn attach_again(&self) {
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

    async fn try_attach(
        &self,
        units: u16,
    ) -> Result<(Channel<crate::Request, crate::Completion>, Attached), BlockError> {
        let way = self.way();
        let memory = self.pool.borrow().memory().copy(Rights::ALL)?;
        let (offer, attached) = way.call(&memory, units).await?;
        Ok((way.open(offer)?, attached))
    }

    fn way(&self) -> Way<'_> {
        Way { executor: &self.executor, news: &self.news, end: &self.end, door: &self.door }
    }
}

/// The way to the driver, without blocking the executor.
struct Way<'a> {
    executor: &'a Executor,
    news: &'a Bit,
    end: &'a Bit,
    door: &'a Remote<Box<dyn Door>>,
}

impl Way<'_> {
    async fn call(&self, pool: &Memory, units: u16) -> Result<(Offer, Attached), BlockError> {
        let (pool, bell) = (pool.copy(Rights::ALL)?, self.executor.bell()?);
        let bits = Bits { news: self.news.mask(), end: self.end.mask() };
        self.door.start(move |door| door.attach(&pool, &bell, bits, units)).await
    }

    fn open(&self, offer: Offer) -> Result<Channel<crate::Request, crate::Completion>, BlockError> {
        let bell = Bell::with_end(self.executor.bell()?, self.news.mask(), self.end.mask());
        offer.channel(Some(bell)).map_err(|_| BlockError::Protocol)
    }
}
