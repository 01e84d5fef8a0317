//! One client of a driver: what it may, what it has in flight, what it has asked for.

use crate::{
    BlockError, Completion, DeviceRequest, Identity, Operation, Range, Request, SECTOR_BYTES,
};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use queue::Channel;
use sys::{DeviceAddress, Memory, PAGE_SIZE};

/// What a client may do, which a hostile one does not change.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) owner: u64,
    pub(crate) range: Range,
    pub(crate) epoch: u32,
    pub(crate) units: usize,
    pub(crate) pool: Pool,
}

/// The memory of a client that the device reaches.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Kept, so that its frames stay as long as the device may write them.
    pub(crate) _memory: Memory,
    pub(crate) address: DeviceAddress,
    pub(crate) pages: u64,
}

/// A client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) key: u32,
    pub(crate) grant: Grant,
    /// None: it has ended, and what it has in flight is waited for.
    channel: Option<Channel<Completion, Request>>,
    /// Taken from the ring and not submitted yet.
    pub(crate) waiting: VecDeque<Request>,
    /// What the device has.
    pub(crate) in_flight: usize,
    /// Sectors that it may submit in this round.
    pub(crate) credit: u32,
    /// Not sent yet.
    done: Vec<Completion>,
}

impl Client {
    pub(crate) fn new(key: u32, grant: Grant, channel: Channel<Completion, Request>) -> Self {
        let (waiting, done) = (VecDeque::new(), Vec::new());
        Self { key, grant, channel: Some(channel), waiting, in_flight: 0, credit: 0, done }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.channel.is_none()
    }

    /// Whether it wants something of the device.
    pub(crate) fn is_active(&self) -> bool {
        self.in_flight > 0 || !self.waiting.is_empty()
    }

    /// Takes what is in its ring, as far as its units go; asks to be woken when that is nothing
    /// and `listen` says so. Returns whether there was something. A client that writes what
    /// cannot be has ended.
    pub(crate) fn take(&mut self, listen: bool, batch: &mut [Request]) -> bool {
        let Some(channel) = &mut self.channel else { return false };
        let left = self.grant.units.saturating_sub(self.in_flight + self.waiting.len());
        let most = left.min(batch.len());
        let batch = &mut batch[..most];
        if batch.is_empty() {
            return false;
        }
        let taken = if listen { channel.receive_or_listen(batch) } else { channel.receive(batch) };
        match taken {
            Ok(count) if batch[..count].iter().all(Request::is_whole) => {
                self.waiting.extend(&batch[..count]);
                count > 0
            }
            _ => {
                self.end();
                false
            }
        }
    }

    /// Looks whether the other side is there.
    pub(crate) fn look(&mut self) {
        if self.channel.as_ref().is_some_and(|channel| channel.check_peer().is_err()) {
            self.end();
        }
    }

    /// Forgets its requests that the device does not have.
    pub(crate) fn end(&mut self) {
        self.channel = None;
        self.waiting.clear();
        self.done.clear();
    }

    /// Notes the end of a request.
    pub(crate) fn complete(&mut self, id: u32, result: Result<(), BlockError>) {
        if !self.has_ended() {
            self.done.push(Completion::new(id, self.grant.epoch, result));
        }
    }

    /// Sends what has ended, in one batch. There is room for a client that keeps to its units.
    pub(crate) fn answer(&mut self) {
        let Some(channel) = &mut self.channel else { return };
        if self.done.is_empty() {
            return;
        }
        if channel.send(&self.done) == Ok(self.done.len()) {
            self.done.clear();
        } else {
            self.end();
        }
    }

    /// Checks a request, which may say anything.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(
        &self,
        request: &Request,
        disk: &Identity,
        tag: u16,
    ) -> Result<DeviceRequest, BlockError> {
        let grant = &self.grant;
        if request.epoch != grant.epoch {
            return Err(BlockError::WrongEpoch);
        }
        let operation = Operation::from_number(request.operation).ok_or(BlockError::BadRequest)?;
        let address = DeviceAddress::default();
        if operation == Operation::Flush {
            return Ok(DeviceRequest { tag, operation, lba: 0, sectors: 0, address });
        }
        let sectors = request.sectors;
        if sectors == 0 || sectors > disk.max_sectors {
            return Err(BlockError::BadRequest);
        }
        let lba = grant.range.locate(request.lba, sectors).ok_or(BlockError::OutOfRange)?;
        if operation.changes() && grant.range.read_only {
            return Err(BlockError::ReadOnly);
        }
        if operation == Operation::Discard && !disk.discard {
            return Err(BlockError::Unsupported);
        }
        let unit = disk.alignment.max(1);
        if !lba.is_multiple_of(unit.into()) || !sectors.is_multiple_of(unit) {
            return Err(BlockError::BadRequest);
        }
        let address = if operation.has_buffer() { grant.pool.locate(request)? } else { address };
        Ok(DeviceRequest { tag, operation, lba, sectors, address })
    }
}

impl Pool {
    /// The device address of a buffer that lies inside.
    fn locate(&self, request: &Request) -> Result<DeviceAddress, BlockError> {
        let bytes = u64::from(request.sectors) * u64::from(SECTOR_BYTES);
        let offset = u64::from(request.offset);
        let fits = offset + bytes <= self.pages * PAGE_SIZE;
        if !fits || !offset.is_multiple_of(SECTOR_BYTES.into()) {
            return Err(BlockError::BadBuffer);
        }
        Ok(self.address.plus(offset))
    }
}
