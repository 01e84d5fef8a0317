//! The card.

use crate::config::{self, WANTED};
use dma::{Buffer, Fault, Part, Pool, Ring, Space, map_run};
use nic::{Backend, Completed, DeviceFrame, Link, NicError, Operation, Submitted};
use sys::{DeviceAddress, Failure, Irq, Memory, RegisterFile};
use virtio::{Areas, PosternTransport, negotiate};
use virtio_drivers::transport::DeviceType;

const RECEIVE: u16 = 0;
const TRANSMIT: u16 = 1;
/// Two descriptors for each frame.
const QUEUE_SIZE: usize = 128;
/// The most frames in each direction.
pub(crate) const DEPTH: u16 = 64;
/// Frames to be transmitted from which on the device interrupts for them.
const MANY: u16 = 24;
/// Pages of the pool: three for each queue, one for the headers.
const POOL_PAGES: u64 = 8;
/// Bytes of a header.
const HEADER: usize = 12;

/// A virtio network card.
#[derive(Debug)]
pub struct Card<R, S> {
    transport: PosternTransport<R>,
    receive: Ring<QUEUE_SIZE>,
    transmit: Ring<QUEUE_SIZE>,
    space: S,
    link: Link,
    /// The header of all frames to be transmitted, and that of all received ones.
    headers: [Part; 2],
    /// Whether each queue has something that the device was not told of.
    news: [bool; 2],
    /// Frames that the device is to transmit.
    transmitting: u16,
    /// Whether the device interrupts for received frames, and for transmitted ones.
    listening: [bool; 2],
    /// What is told that an interrupt was seen.
    irq: Option<Irq>,
}

impl<R: RegisterFile, S: Space> Card<R, S> {
    /// Sets the device up, to interrupt by vector 0. It works once it may do DMA.
    ///
    /// # Errors
    /// What the device or the kernel refuses.
    pub fn open(areas: Areas<R>, space: S) -> Result<Self, Failure> {
        let pool = Pool::open(&space, POOL_PAGES)?;
        let headers = [pool.take(HEADER)?, pool.take(HEADER)?];
        let mut transport = PosternTransport::new(areas, DeviceType::Network, 0);
        let agreed = negotiate(&mut transport, WANTED).map_err(Failure::new)?;
        let link = config::read(&transport, agreed, DEPTH)?;
        let receive = Ring::new(&mut transport, RECEIVE).map_err(Failure::new)?;
        let mut transmit = Ring::new(&mut transport, TRANSMIT).map_err(Failure::new)?;
        transmit.listen(false);
        transport.ready().map_err(Failure::new)?;
        let (news, listening) = ([false; 2], [true, false]);
        Ok(Self {
            transport,
            receive,
            transmit,
            space,
            link,
            headers,
            news,
            transmitting: 0,
            listening,
            irq: None,
        })
    }

    /// Acknowledges the interrupts of this vector from now on.
    pub fn acknowledge(&mut self, irq: Irq) {
        self.irq = Some(irq);
    }

    fn give(&mut self, frame: &DeviceFrame) -> Result<(), Fault> {
        let bytes = usize::from(frame.bytes);
        let slot = Buffer::Foreign { address: frame.address, bytes };
        let [sent, received] = self.headers.map(Buffer::Own);
        match frame.operation {
            Operation::Fill => self.receive.submit(frame.tag, &[], &[received, slot])?,
            Operation::Transmit => {
                self.transmit.submit(frame.tag, &[sent, slot], &[])?;
                self.transmitting += 1;
            }
        }
        self.news[usize::from(frame.operation == Operation::Transmit)] = true;
        Ok(())
    }

    /// Acknowledges the interrupt, and needs none while there is something to take.
    fn begin_to_take(&mut self) {
        if self.listening == [false; 2] {
            return;
        }
        self.receive.listen(false);
        self.transmit.listen(false);
        self.listening = [false; 2];
        if let Some(irq) = &self.irq {
            // It fails only when `pci` took the vector away: then no interrupts come either.
            let _ = irq.ack();
        }
    }

    /// The next frame that the device gives back. Before there is none, interrupts are on again.
    fn next(&mut self) -> Result<Option<Completed>, Fault> {
        loop {
            if self.receive.has_completed() {
                self.begin_to_take();
                let Some(used) = self.receive.complete()? else { return Ok(None) };
                let bytes = used.written.checked_sub(HEADER).ok_or(Fault::WildLength)?;
                let bytes = u16::try_from(bytes).map_err(|_| Fault::WildLength)?;
                return Ok(Some(Completed { tag: used.tag, result: Ok(bytes) }));
            }
            if self.transmit.has_completed() {
                self.begin_to_take();
                let Some(used) = self.transmit.complete()? else { return Ok(None) };
                self.transmitting = self.transmitting.saturating_sub(1);
                return Ok(Some(Completed { tag: used.tag, result: Ok(0) }));
            }
            let wanted = [true, self.transmitting >= MANY];
            if self.listening == wanted {
                return Ok(None);
            }
            self.receive.listen(wanted[0]);
            self.transmit.listen(wanted[1]);
            self.listening = wanted;
        }
    }
}

impl<R: RegisterFile, S: Space> Backend for Card<R, S> {
    fn link(&self) -> Link {
        self.link
    }

    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, NicError> {
        map_run(&self.space, pool, pages).map_err(|_| NicError::BadPool)
    }

    /// # Panics
    /// When the slot cannot be given to a device at all: `nic` has checked it.
    fn submit(&mut self, frame: &DeviceFrame) -> Submitted {
        match self.give(frame) {
            Ok(()) => Submitted::Accepted,
            Err(Fault::Full) => Submitted::Full,
            // NOFAIL: the length is not 0 and at most that of a slot.
            Err(fault) => panic!("{fault}"),
        }
    }

    fn kick(&mut self) {
        let Self { transport, receive, transmit, news, .. } = self;
        let [receives, transmits] = core::mem::take(news);
        if receives {
            receive.kick(transport);
        }
        if transmits {
            transmit.kick(transport);
        }
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
