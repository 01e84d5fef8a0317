//! The disk.

use crate::config::{Config, DEPTH, WANTED};
use crate::request::{Buffers, ID, SLOT, Slot, bytes_of};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use block::{Backend, BlockError, Completed, DeviceRequest, Identity, Operation, Submitted};
use dma::{Fault, Part, Pool, Ring, Space, Used, map_run};
use sys::{DeviceAddress, Error, Failure, Irq, Memory, RegisterFile};
use virtio::{Areas, PosternTransport, negotiate};
use virtio_drivers::transport::DeviceType;

const QUEUE: u16 = 0;
/// Three descriptors for each request.
const QUEUE_SIZE: usize = 128;
/// Pages of the pool: two and two for the queue, one for slots and serial number.
const POOL_PAGES: u64 = 8;
/// The tag of the driver's own request.
const OWN: u16 = DEPTH;

/// A virtio block device.
#[derive(Debug)]
pub struct Disk<R, S> {
    transport: PosternTransport<R>,
    ring: Ring<QUEUE_SIZE>,
    space: S,
    config: Config,
    slots: Vec<Slot>,
    /// Bytes that the device writes for each tag, with the status.
    expected: [usize; DEPTH as usize + 1],
    serial: Part,
    /// Tags of flushes of a device that has nothing to flush.
    done: VecDeque<u16>,
    /// Whether the device interrupts.
    listening: bool,
    /// What is told that an interrupt was seen.
    irq: Option<Irq>,
}

impl<R: RegisterFile, S: Space> Disk<R, S> {
    /// Sets the device up, to interrupt by vector 0. It works once it may do DMA.
    ///
    /// # Errors
    /// What the device or the kernel refuses.
    pub fn open(areas: Areas<R>, space: S) -> Result<Self, Failure> {
        let pool = Pool::open(&space, POOL_PAGES)?;
        let slots =
            (0..=DEPTH).map(|_| pool.take(SLOT).map(Slot::new)).collect::<Result<_, _>>()?;
        let serial = pool.take(ID)?;
        let mut transport = PosternTransport::new(areas, DeviceType::Block, 0);
        let agreed = negotiate(&mut transport, WANTED).map_err(Failure::new)?;
        let config = Config::read(&transport, agreed)?;
        let ring = Ring::new(&mut transport, QUEUE).map_err(Failure::new)?;
        transport.ready().map_err(Failure::new)?;
        Ok(Self {
            transport,
            ring,
            space,
            config,
            slots,
            expected: [0; DEPTH as usize + 1],
            serial,
            done: VecDeque::new(),
            listening: true,
            irq: None,
        })
    }

    /// Acknowledges the interrupts of this vector from now on.
    pub fn acknowledge(&mut self, irq: Irq) {
        self.irq = Some(irq);
    }

    /// Asks for the serial number, which [`Disk::learn_serial`] then has.
    ///
    /// # Errors
    /// What the queue refuses.
    pub fn ask_serial(&mut self) -> Result<(), Fault> {
        let slot = self.slots.get(usize::from(OWN)).ok_or(Fault::BadRequest)?;
        let buffers = slot.prepare_id(self.serial).map_err(|_| Fault::BadRequest)?;
        self.give(OWN, &buffers)?;
        self.ring.kick(&mut self.transport);
        Ok(())
    }

    /// Learns the serial number, once the device has answered: whether it has. A device that does
    /// not know its number has none.
    ///
    /// # Errors
    /// What the device did wrong.
    pub fn learn_serial(&mut self) -> Result<bool, Fault> {
        let Some(used) = self.ring.complete()? else { return Ok(false) };
        if used.tag == OWN && self.end(used)? == Ok(()) {
            let mut bytes = [0; ID];
            self.serial.read(0, &mut bytes).map_err(|_| Fault::BadRequest)?;
            let shown = bytes.iter().take_while(|byte| byte.is_ascii_graphic());
            self.config.identity.serial = shown.map(|byte| char::from(*byte)).collect::<String>();
        }
        Ok(true)
    }

    fn give(&mut self, tag: u16, buffers: &Buffers) -> Result<(), Fault> {
        self.ring.submit(tag, &buffers.readable, &buffers.writable)?;
        if let Some(place) = self.expected.get_mut(usize::from(tag)) {
            *place = buffers.written();
        }
        Ok(())
    }

    /// How a request ended. One that the device did not write all for has failed.
    fn end(&self, used: Used) -> Result<Result<(), BlockError>, Fault> {
        let tag = usize::from(used.tag);
        let slot = self.slots.get(tag).ok_or(Fault::NotInFlight)?;
        let result = slot.result().ok_or(Fault::NotInFlight)?;
        let whole = self.expected.get(tag).is_some_and(|expected| used.written == *expected);
        Ok(if whole { result } else { result.and(Err(BlockError::Device)) })
    }

    fn refusal(&self, request: &DeviceRequest) -> Option<BlockError> {
        let Config { discard_sectors, discard_alignment, .. } = self.config;
        match request.operation {
            _ if request.tag >= DEPTH => Some(BlockError::BadRequest),
            Operation::Discard if discard_sectors == 0 => Some(BlockError::Unsupported),
            Operation::Discard if request.sectors > discard_sectors => Some(BlockError::BadRequest),
            Operation::Discard if !request.lba.is_multiple_of(discard_alignment.into()) => {
                Some(BlockError::BadRequest)
            }
            _ => None,
        }
    }

    /// Acknowledges the interrupt, and needs none while there is something to take.
    fn begin_to_take(&mut self) {
        if self.listening {
            self.listening = false;
            self.ring.listen(false);
            if let Some(irq) = &self.irq {
                // It fails only when `pci` took the vector away: then no interrupts come either.
                let _ = irq.ack();
            }
        }
    }

    /// The next completion. Before there is none, interrupts are on again.
    fn next(&mut self) -> Result<Option<Completed>, Fault> {
        if let Some(tag) = self.done.pop_front() {
            return Ok(Some(Completed { tag, result: Ok(()) }));
        }
        loop {
            if self.ring.has_completed() {
                self.begin_to_take();
                let Some(used) = self.ring.complete()? else { return Ok(None) };
                let result = self.end(used)?;
                return Ok(Some(Completed { tag: used.tag, result }));
            }
            if self.listening {
                return Ok(None);
            }
            self.listening = true;
            self.ring.listen(true);
        }
    }
}

impl<R: RegisterFile, S: Space> Backend for Disk<R, S> {
    fn identity(&self) -> Identity {
        self.config.identity.clone()
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
        if let Some(error) = self.refusal(request) {
            return Submitted::Refused(error);
        }
        if request.operation == Operation::Flush && !self.config.flushes {
            // Its writes last once they are completed.
            self.done.push_back(request.tag);
            return Submitted::Accepted;
        }
        if request.operation.has_buffer() && bytes_of(request) > dma::FOREIGN_MAX {
            return Submitted::Refused(BlockError::BadRequest);
        }
        let Some(slot) = self.slots.get(usize::from(request.tag)).copied() else {
            return Submitted::Refused(BlockError::BadRequest);
        };
        let given = slot.prepare(request).map_err(|_| Fault::BadRequest);
        match given.and_then(|buffers| self.give(request.tag, &buffers)) {
            Ok(()) => Submitted::Accepted,
            Err(Fault::Full) => Submitted::Full,
            Err(_) => Submitted::Refused(BlockError::BadRequest),
        }
    }

    fn kick(&mut self) {
        self.ring.kick(&mut self.transport);
    }

    /// # Panics
    /// When the device says what cannot be.
    fn complete(&mut self) -> Option<Completed> {
        match self.next() {
            Ok(completed) => completed,
            // NOFAIL: nothing that the device says can be believed; its reset settles it.
            Err(fault) => panic!("{fault}"),
        }
    }
}
