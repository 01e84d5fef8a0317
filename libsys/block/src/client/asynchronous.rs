//! A client on the executor: requests are futures.

mod inner;
mod way;

use super::requests::{Requests, Ticket};
use super::{Door, PATIENCE_NS, Pool, PoolPart};
use crate::{BlockError, Identity, Operation};
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell, RefMut};
use executor::{Executor, Remote, Task};
use inner::Inner;
use sys::Priority;
use way::Way;

/// A disk, or a part of one, for tasks of an executor. Requests of tasks that run one after
/// another go to the driver in one batch. Over deaths of the driver they wait.
#[derive(Clone)]
pub struct AsyncBlockClient {
    inner: Rc<Inner>,
    /// Ends with the last copy of the client.
    _pump: Rc<Task>,
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
