//! A namespace that works.

use alloc::collections::VecDeque;
use alloc::string::String;
use block::{
    Backend, BlockError, Completed, DeviceRequest, Identity, Operation, SECTOR_BYTES, Submitted,
};
use core::num::NonZeroUsize;
use dma::{FOREIGN_MAX, Space, foreign_buffer, map_run};
use dma_api::DmaDirection;
use nvme_driver::NvmeBlockDriver;
use rdif_block::{
    BHardwareQueue, BatchSubmitDisposition, BlkError, BlockController, CompletedRequest,
    CompletionSink, OwnedRequest, OwnedRequestBatch, RequestFlags, RequestId, RequestOp,
    SubmissionSink,
};
use sys::{DeviceAddress, Error, Failure, Irq, Memory};

/// Commands that the controller has at a time.
pub(crate) const DEPTH: u16 = 32;

/// A namespace of a controller.
pub struct Disk<S> {
    /// The registers and the admin queue live with it.
    _driver: NvmeBlockDriver,
    queue: BHardwareQueue,
    space: S,
    identity: Identity,
    block_bytes: u32,
    tags: Tags,
    irq: Option<Irq>,
}

impl<S> core::fmt::Debug for Disk<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Disk").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// The tags of commands in flight by the queue's own numbers, and what has ended.
#[derive(Debug)]
struct Tags {
    /// The tag of the request that is being submitted.
    now: u16,
    by_command: [Option<u16>; DEPTH as usize + 1],
    ended: VecDeque<Completed>,
    /// Whether a command ended that was not given out.
    wild: bool,
}

impl Tags {
    fn new() -> Self {
        let by_command = [None; DEPTH as usize + 1];
        Self { now: 0, by_command, ended: VecDeque::new(), wild: false }
    }
}

impl SubmissionSink for Tags {
    fn accepted(&mut self, id: RequestId) {
        if let Some(place) = self.by_command.get_mut(usize::from(id)) {
            *place = Some(self.now);
        }
    }
}

impl CompletionSink for Tags {
    fn complete(&mut self, request: CompletedRequest) {
        let place = self.by_command.get_mut(usize::from(request.id));
        match place.and_then(Option::take) {
            Some(tag) => {
                let result = request.result.map_err(|_| BlockError::Device);
                self.ended.push_back(Completed { tag, result });
            }
            None => self.wild = true,
        }
    }
}

impl<S: Space> Disk<S> {
    pub(crate) fn new(
        driver: NvmeBlockDriver,
        queue: BHardwareQueue,
        space: S,
    ) -> Result<Self, Failure> {
        let device = driver.device_info();
        let block_bytes = u32::try_from(device.logical_block_size).map_err(Failure::new)?;
        if block_bytes < SECTOR_BYTES || !block_bytes.is_power_of_two() {
            return Err(Failure::new(format_args!("blocks of {block_bytes} bytes")));
        }
        let alignment = block_bytes / SECTOR_BYTES;
        let most = u32::try_from(FOREIGN_MAX).map_err(Failure::new)? / SECTOR_BYTES;
        let limit = queue.info().limits.max_blocks_per_request.saturating_mul(alignment);
        let sectors = device.num_blocks.checked_mul(alignment.into());
        let sectors =
            sectors.ok_or("the controller says that it has more sectors than there are")?;
        let identity = Identity {
            model: "nvme".into(),
            serial: String::new(),
            sectors,
            alignment,
            max_sectors: most.min(limit) / alignment * alignment,
            depth: DEPTH,
            read_only: device.read_only,
            discard: false,
            generation: sectors,
        };
        let (tags, irq) = (Tags::new(), None);
        Ok(Self { _driver: driver, queue, space, identity, block_bytes, tags, irq })
    }

    /// Acknowledges the interrupts of this vector from now on.
    pub fn acknowledge(&mut self, irq: Irq) {
        self.irq = Some(irq);
    }

    /// The command of a request, whose sectors are whole blocks.
    fn command(&self, request: &DeviceRequest) -> Result<OwnedRequest, BlockError> {
        let (op, direction) = match request.operation {
            Operation::Read => (RequestOp::Read, DmaDirection::FromDevice),
            Operation::Write => (RequestOp::Write, DmaDirection::ToDevice),
            Operation::Flush => return Ok(command(RequestOp::Flush, 0, 0)),
            Operation::Discard => return Err(BlockError::Unsupported),
        };
        let alignment = self.identity.alignment;
        let whole = request.lba.is_multiple_of(alignment.into())
            && request.sectors.is_multiple_of(alignment);
        let (lba, blocks) = (request.lba / u64::from(alignment), request.sectors / alignment);
        let bytes = blocks.checked_mul(self.block_bytes).filter(|_| whole);
        let bytes = bytes.and_then(|bytes| NonZeroUsize::new(usize::try_from(bytes).ok()?));
        let bytes = bytes.ok_or(BlockError::BadRequest)?;
        let buffer = foreign_buffer(request.address, bytes, direction);
        let data = buffer.map_err(|_| BlockError::BadRequest)?.prepare_for_device();
        Ok(OwnedRequest { data: Some(data), ..command(op, lba, blocks) })
    }

    /// Takes what the controller has completed.
    fn collect(&mut self) {
        if self.queue.drain_completions(&mut self.tags).is_err() || self.tags.wild {
            // NOFAIL: nothing that the controller says can be believed; its reset settles it.
            panic!("the device completed a command that it does not have");
        }
        if let Some(irq) = &self.irq
            && !self.tags.ended.is_empty()
        {
            // It fails only when `pci` took the vector away: then no interrupts come either.
            let _ = irq.ack();
        }
    }
}

fn command(op: RequestOp, lba: u64, block_count: u32) -> OwnedRequest {
    OwnedRequest { op, lba, block_count, data: None, flags: RequestFlags::NONE }
}

impl<S: Space> Backend for Disk<S> {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, BlockError> {
        map_run(&self.space, pool, pages).map_err(|error| match error {
            Error::QuotaExceeded => BlockError::TooMany,
            _ => BlockError::BadPool,
        })
    }

    fn unmap_pool(&mut self, pool: DeviceAddress, pages: u64) {
        // It fails for what is not mapped; then there is nothing to take.
        let _ = self.space.unmap(pool, pages);
    }

    fn submit(&mut self, request: &DeviceRequest) -> Submitted {
        let command = match self.command(request) {
            Ok(command) => command,
            Err(error) => return Submitted::Refused(error),
        };
        self.tags.now = request.tag;
        let mut batch = OwnedRequestBatch::from_iter([command]);
        let result = self.queue.submit_batch_owned(&mut batch, &mut self.tags);
        match result.disposition() {
            _ if result.accepted() == 1 => Submitted::Accepted,
            BatchSubmitDisposition::Fatal(BlkError::InvalidBlockIndex(_)) => {
                Submitted::Refused(BlockError::OutOfRange)
            }
            BatchSubmitDisposition::Fatal(BlkError::NotSupported) => {
                Submitted::Refused(BlockError::Unsupported)
            }
            BatchSubmitDisposition::Fatal(_) => Submitted::Refused(BlockError::BadRequest),
            _ => Submitted::Full,
        }
    }

    /// # Panics
    /// When the crate says that the queue is broken.
    fn kick(&mut self) {
        // NOFAIL: a queue that takes no commands has no use; the next life makes another one.
        self.queue.commit_submissions().unwrap_or_else(|error| panic!("the device: {error}"));
    }

    /// # Panics
    /// When the controller says what cannot be.
    fn complete(&mut self) -> Option<Completed> {
        if self.tags.ended.is_empty() {
            self.collect();
        }
        self.tags.ended.pop_front()
    }
}
