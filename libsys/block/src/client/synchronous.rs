//! A client that waits.

use super::{Door, Pool, PoolPart, Ticket, requests::Requests};
use super::{LOOK_NS, LOOKS, PATIENCE_NS, PAUSE_MOST_NS, PAUSE_NS, RECOVERIES, may_pass};
use crate::{Attached, Bits, BlockError, Completion, Identity, Operation, Request, SECTOR_BYTES};
use alloc::boxed::Box;
use alloc::vec::Vec;
use queue::{Channel, QueueError};
use sys::{Notification, Rights};

/// The bits of the client's bell.
const BITS: Bits = Bits { news: 1, end: 2 };

/// A disk, or a part of one, as a small tool uses it: each call returns when it is done, over
/// deaths of the driver. For many requests in flight, [`BlockClient::start`] and
/// [`BlockClient::finish`].
///
/// ```
/// # use block::{BlockClient, BlockDriverClient, DriverDoor, NullDisk};
/// # testkit::run(|system| {
/// # let driver = system.serve("null", |env| {
/// #     let executor = executor::Executor::new()?;
/// #     block::serve(&executor, env.handle("endpoint")?, NullDisk::new(1000))?;
/// #     Ok(())
/// # });
/// # driver.client("tool", |endpoint| -> Result<(), block::BlockError> {
/// # let driver = BlockDriverClient::from_endpoint(endpoint);
/// let mut disk = BlockClient::attach(DriverDoor::whole(driver, 1)?, 16, 8)?;
/// let mut sectors = [0; 1024];
/// disk.read(7, &mut sectors)?; // sectors 7 and 8
/// disk.write(7, &sectors)?;
/// disk.flush()?;
/// # Ok(())
/// # }).join().unwrap();
/// # });
/// ```
pub struct BlockClient {
    door: Box<dyn Door>,
    bell: Notification,
    pool: Pool,
    requests: Requests,
    /// When the driver was found to be gone, until the first completion of its next life.
    gone_ns: Option<u64>,
    recoveries: Vec<u64>,
    /// When a wait ends by itself. Moved on when it has passed, not at each wait: the clock costs
    /// a system call.
    look_ns: u64,
    patience_ns: u64,
}

impl core::fmt::Debug for BlockClient {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BlockClient").field("requests", &self.requests).finish_non_exhaustive()
    }
}

impl BlockClient {
    /// Attaches, with a pool of this number of pages and at most this number of requests in flight.
    ///
    /// # Errors
    /// What the driver refuses; [`BlockError::NoDriver`] when there is none.
    pub fn attach(door: impl Door, pool_pages: u64, units: u16) -> Result<Self, BlockError> {
        let (bell, pool) = (Notification::create()?, Pool::create(pool_pages)?);
        let (channel, attached) = open(&door, &pool, &bell, units)?;
        let requests = Requests::new(channel, attached);
        let (door, recoveries) = (Box::new(door), Vec::new());
        Ok(Self {
            door,
            bell,
            pool,
            requests,
            gone_ns: None,
            recoveries,
            look_ns: 0,
            patience_ns: PATIENCE_NS,
        })
    }

    /// Waits at most this long, instead of 30 seconds, for each next life of the driver.
    #[must_use]
    pub fn with_patience(self, patience_ns: u64) -> Self {
        Self { patience_ns, ..self }
    }

    /// The disk; `sectors` and `read_only` are those of this client's part.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.requests.identity()
    }

    /// The most requests in flight.
    #[must_use]
    pub fn units(&self) -> usize {
        self.requests.units()
    }

    /// The pool, for buffers of requests that are started.
    pub fn pool(&mut self) -> &mut Pool {
        &mut self.pool
    }

    /// The times that deaths of the driver took, in nanoseconds: from the moment at which this
    /// client found it gone to the first completion of its next life. They are given once.
    pub fn take_recoveries(&mut self) -> Vec<u64> {
        core::mem::take(&mut self.recoveries)
    }

    /// Reads sectors.
    ///
    /// # Errors
    /// What the driver says; [`BlockError::BadBuffer`] unless `into` is whole sectors.
    pub fn read(&mut self, lba: u64, into: &mut [u8]) -> Result<(), BlockError> {
        let step = self.step(into.len())?;
        let mut lba = lba;
        for chunk in into.chunks_mut(step) {
            let part = self.pool.take(sectors_of(chunk)?)?;
            let done = self.run(Operation::Read, lba, &part);
            let copied = done.and_then(|()| self.pool.read(&part, chunk));
            lba += u64::from(part.sectors());
            self.pool.give_back(part);
            copied?;
        }
        Ok(())
    }

    /// Writes sectors. They last after a [`BlockClient::flush`].
    ///
    /// # Errors
    /// As for [`BlockClient::read`], and [`BlockError::ReadOnly`].
    pub fn write(&mut self, lba: u64, bytes: &[u8]) -> Result<(), BlockError> {
        let step = self.step(bytes.len())?;
        let mut lba = lba;
        for chunk in bytes.chunks(step) {
            let part = self.pool.take(sectors_of(chunk)?)?;
            let copied = self.pool.write(&part, chunk);
            let done = copied.and_then(|()| self.run(Operation::Write, lba, &part));
            lba += u64::from(part.sectors());
            self.pool.give_back(part);
            done?;
        }
        Ok(())
    }

    /// Makes all writes last that returned before.
    ///
    /// # Errors
    /// [`BlockError::WritesLost`] when some were lost, and what the driver says.
    pub fn flush(&mut self) -> Result<(), BlockError> {
        let ticket = self.requests.start(Operation::Flush, 0, 0, 0)?;
        self.wait_for(ticket)
    }

    /// Says that the content of sectors is of no use any more.
    ///
    /// # Errors
    /// [`BlockError::Unsupported`], and what the driver says.
    pub fn discard(&mut self, lba: u64, sectors: u32) -> Result<(), BlockError> {
        let ticket = self.requests.start(Operation::Discard, lba, 0, sectors)?;
        self.wait_for(ticket)
    }

    /// Starts a request with a buffer in the pool; [`BlockClient::finish`] sends what was started.
    ///
    /// # Errors
    /// [`BlockError::Full`] when all units are in use.
    pub fn start(
        &mut self,
        operation: Operation,
        lba: u64,
        part: &PoolPart,
    ) -> Result<Ticket, BlockError> {
        self.requests.start(operation, lba, part.offset(), part.sectors())
    }

    /// Sends what was started and waits until some request has ended: which, and how. None when
    /// none is in flight.
    pub fn finish(&mut self) -> Option<(Ticket, Result<(), BlockError>)> {
        loop {
            if let Some(ticket) = self.requests.any_done() {
                return self.requests.take_result(ticket).map(|result| (ticket, result));
            }
            if self.requests.open() == 0 {
                return None;
            }
            self.turn();
        }
    }

    fn run(&mut self, operation: Operation, lba: u64, part: &PoolPart) -> Result<(), BlockError> {
        let ticket = self.start(operation, lba, part)?;
        self.wait_for(ticket)
    }

    fn wait_for(&mut self, ticket: Ticket) -> Result<(), BlockError> {
        while self.requests.is_open(ticket) {
            self.turn();
        }
        self.requests.take_result(ticket).unwrap_or(Err(BlockError::Unknown))
    }

    /// Bytes of one request of a transfer of this length.
    fn step(&self, len: usize) -> Result<usize, BlockError> {
        let unit = SECTOR_BYTES as usize;
        if !len.is_multiple_of(unit) {
            return Err(BlockError::BadBuffer);
        }
        let most = usize::try_from(self.identity().max_sectors).unwrap_or(1) * unit;
        Ok(most.min(self.pool.largest_free()).max(unit))
    }

    /// Sends, and waits for completions or for the driver's next life.
    fn turn(&mut self) {
        let turned = self.requests.send().and_then(|()| self.wait());
        if turned.is_err() {
            self.gone_ns.get_or_insert_with(sys::clock);
            self.requests.detach();
            self.attach_again();
        } else if let Some(gone_ns) = self.gone_ns.take()
            && self.recoveries.len() < RECOVERIES
        {
            self.recoveries.push(sys::clock().saturating_sub(gone_ns));
        }
    }

    /// Waits until there was a completion. From the second look on that found nothing the driver
    /// is rung.
    fn wait(&mut self) -> Result<(), QueueError> {
        let mut looks = 0;
        while looks < LOOKS {
            if self.requests.collect(true)? {
                return Ok(());
            }
            match self.bell.wait(self.look_ns) {
                Ok(bits) if self.heard(bits)? => return Ok(()),
                Ok(_) | Err(sys::Error::Interrupted) => {}
                Err(_) => {
                    self.look_ns = sys::clock().saturating_add(LOOK_NS);
                    looks += 1;
                    if looks > 1 {
                        self.requests.channel().map_or(Ok(()), Channel::ring)?;
                    }
                }
            }
        }
        Err(QueueError::TimedOut)
    }

    /// Looks at the driver's end when its bit rang, after what it had sent was taken; returns
    /// whether that was something. The bit does not ring again.
    fn heard(&mut self, bits: u64) -> Result<bool, QueueError> {
        if bits & BITS.end == 0 {
            return Ok(false);
        }
        let any = self.requests.collect(false)?;
        self.requests.channel().map_or(Ok(()), Channel::check_peer)?;
        Ok(any)
    }

    fn attach_again(&mut self) {
        let units = u16::try_from(self.requests.units()).unwrap_or(1);
        let deadline_ns = sys::clock().saturating_add(self.patience_ns);
        let mut pause_ns = PAUSE_NS;
        loop {
            match open(&*self.door, &self.pool, &self.bell, units) {
                Ok((channel, attached)) => return self.requests.attach(channel, attached),
                Err(error) if may_pass(error) && sys::clock() < deadline_ns => {
                    sys::sleep_for(pause_ns);
                    pause_ns = (2 * pause_ns).min(PAUSE_MOST_NS);
                }
                Err(_) => return self.requests.give_up(),
            }
        }
    }
}

/// One try to attach.
fn open(
    door: &dyn Door,
    pool: &Pool,
    bell: &Notification,
    units: u16,
) -> Result<(Channel<Request, Completion>, Attached), BlockError> {
    let (offer, attached) = door.attach(pool.memory(), bell, BITS, units)?;
    let own = BITS.bell(bell.copy(Rights::ALL)?);
    let channel = offer.channel(Some(own)).map_err(|_| BlockError::Protocol)?;
    Ok((channel, attached))
}

fn sectors_of(bytes: &[u8]) -> Result<u32, BlockError> {
    u32::try_from(bytes.len() / SECTOR_BYTES as usize).map_err(|_| BlockError::BadBuffer)
}
