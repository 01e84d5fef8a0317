//! The card.

use crate::registers::{
    ADDRESS_HIGH, ADDRESS_LOW, BASE_HIGH, BASE_LOW, BYTES, CAUSE_RECEIVE, CAUSE_TRANSMIT, CAUSES,
    CTRL, CTRL_LINK_UP, CTRL_RESET, HEAD, ICR, IMC, IMS, IVAR, IVAR_ALL_0, RCTL, RCTL_ON, RECEIVE,
    TAIL, TCTL, TCTL_ON, TIPG, TIPG_USUAL, TRANSMIT,
};
use crate::ring::{Done, RING_BYTES, Ring};
use dma::{Pool, Space, map_run};
use nic::{
    Backend, Completed, DeviceFrame, FRAME_BYTES, HEADER_BYTES, Link, NicError, Operation,
    Submitted,
};
use sys::{DeviceAddress, Error, Failure, Irq, Memory, RegisterFile};

/// The most frames in each direction.
pub(crate) const DEPTH: u16 = 64;
const MTU: u16 = 1500;
/// Frames to be transmitted from which on the device interrupts for them.
const MANY: u16 = 24;
/// Pages of the pool: both rings, and what the pool itself needs.
const POOL_PAGES: u64 = 2;
/// Looks whether the reset is over, and the pause between two.
const LOOKS: u32 = 100;
const LOOK_NS: u64 = 1_000_000;
/// Commands of a descriptor: the frame ends here, with a check sequence; say when it is done.
const TRANSMIT_FRAME: u8 = 1 | 1 << 1 | 1 << 3;
/// Of a received frame: its end is in this slot; errors of the wire, not those of checksums.
const WHOLE: u8 = 1 << 1;
const WIRE_ERRORS: u8 = 0x97;

/// An 82574L.
#[derive(Debug)]
pub struct Card<R, S> {
    registers: R,
    receive: Ring,
    transmit: Ring,
    space: S,
    link: Link,
    /// Whether each ring has something that the device was not told of.
    news: [bool; 2],
    /// Frames that the device is to transmit.
    transmitting: u16,
    /// The causes that interrupt.
    listening: u32,
    /// What is told that an interrupt was seen.
    irq: Option<Irq>,
}

impl<R: RegisterFile, S: Space> Card<R, S> {
    /// Resets the device and sets it up, to interrupt by vector 0. It works once it may do DMA.
    ///
    /// # Errors
    /// What the device or the kernel refuses.
    pub fn open(registers: R, space: S) -> Result<Self, Failure> {
        if registers.len() < ADDRESS_HIGH + 4 {
            return Err("the device has too few registers".into());
        }
        reset(&registers)?;
        let page = Pool::open(&space, POOL_PAGES)?.take_pages(1)?;
        let receive = Ring::new(page.part(0, RING_BYTES)?);
        let transmit = Ring::new(page.part(RING_BYTES, RING_BYTES)?);
        let link = Link { mac: mac(&registers)?, mtu: MTU, depth: DEPTH };
        for (at, ring) in [(RECEIVE, &receive), (TRANSMIT, &transmit)] {
            set_ring(&registers, at, ring)?;
        }
        registers.write_u32(TIPG, TIPG_USUAL)?;
        registers.write_u32(IVAR, IVAR_ALL_0)?;
        registers.write_u32(TCTL, TCTL_ON)?;
        registers.write_u32(RCTL, RCTL_ON)?;
        registers.write_u32(IMS, CAUSE_RECEIVE)?;
        Ok(Self {
            registers,
            receive,
            transmit,
            space,
            link,
            news: [false; 2],
            transmitting: 0,
            listening: CAUSE_RECEIVE,
            irq: None,
        })
    }

    /// Acknowledges the interrupts of this vector from now on.
    pub fn acknowledge(&mut self, irq: Irq) {
        self.irq = Some(irq);
    }

    /// Writes a register; all that are used exist, which [`Card::open`] has checked.
    fn write(&self, register: usize, value: u32) {
        let _ = self.registers.write_u32(register, value);
    }

    fn give(&mut self, frame: &DeviceFrame) -> Result<bool, Error> {
        let DeviceFrame { tag, address, bytes, .. } = *frame;
        let given = match frame.operation {
            Operation::Fill => self.receive.give(tag, address, bytes, 0)?,
            Operation::Transmit => self.transmit.give(tag, address, bytes, TRANSMIT_FRAME)?,
        };
        let transmits = frame.operation == Operation::Transmit;
        self.transmitting += u16::from(given && transmits);
        self.news[usize::from(transmits)] |= given;
        Ok(given)
    }

    /// Acknowledges the interrupt, and needs none while there is something to take.
    fn begin_to_take(&mut self) {
        if self.listening == 0 {
            return;
        }
        self.write(IMC, CAUSES);
        self.write(ICR, CAUSES);
        self.listening = 0;
        if let Some(irq) = &self.irq {
            // It fails only when `pci` took the vector away: then no interrupts come either.
            let _ = irq.ack();
        }
    }

    /// The next frame that the device gives back. Before there is none, interrupts are on again:
    /// what came meanwhile has set its cause, and interrupts then.
    fn next(&mut self) -> Result<Option<Completed>, Error> {
        loop {
            if self.receive.has_done() {
                self.begin_to_take();
                return Ok(self.receive.take()?.map(received));
            }
            if self.transmit.has_done() {
                self.begin_to_take();
                let done = self.transmit.take()?;
                self.transmitting = self.transmitting.saturating_sub(1);
                return Ok(done.map(|done| Completed { tag: done.tag, result: Ok(0) }));
            }
            let many = self.transmitting >= MANY;
            let wanted = CAUSE_RECEIVE | if many { CAUSE_TRANSMIT } else { 0 };
            if self.listening == wanted {
                return Ok(None);
            }
            self.write(IMC, CAUSES & !wanted);
            self.write(IMS, wanted);
            self.listening = wanted;
        }
    }
}

/// What came of a slot that was to be filled.
fn received(done: Done) -> Completed {
    let possible = HEADER_BYTES..=u16::try_from(FRAME_BYTES).unwrap_or(u16::MAX);
    let good = done.status & WHOLE != 0
        && done.errors & WIRE_ERRORS == 0
        && possible.contains(&done.bytes);
    Completed { tag: done.tag, result: if good { Ok(done.bytes) } else { Err(NicError::Device) } }
}

fn reset(registers: &impl RegisterFile) -> Result<(), Failure> {
    registers.write_u32(IMC, CAUSES)?;
    registers.write_u32(CTRL, registers.read_u32(CTRL)? | CTRL_RESET)?;
    for _ in 0..LOOKS {
        // The device does not answer in the first microsecond.
        sys::sleep_for(LOOK_NS);
        if registers.read_u32(CTRL)? & CTRL_RESET == 0 {
            registers.write_u32(IMC, CAUSES)?;
            registers.write_u32(ICR, CAUSES)?;
            registers.write_u32(CTRL, registers.read_u32(CTRL)? | CTRL_LINK_UP)?;
            return Ok(());
        }
    }
    Err("the device does not come out of its reset".into())
}

/// The card's own address.
fn mac(registers: &impl RegisterFile) -> Result<[u8; 6], Failure> {
    let low = registers.read_u32(ADDRESS_LOW)?.to_le_bytes();
    let high = registers.read_u32(ADDRESS_HIGH)?.to_le_bytes();
    let mac = [low[0], low[1], low[2], low[3], high[0], high[1]];
    // One of a group, or none at all, is no card's.
    if mac[0] & 1 != 0 || mac == [0; 6] {
        return Err("the device has no valid address".into());
    }
    Ok(mac)
}

fn set_ring(registers: &impl RegisterFile, at: usize, ring: &Ring) -> Result<(), Error> {
    let address = ring.address().0.to_le_bytes();
    let half = |from: usize| {
        let bytes = address.get(from..from + 4).and_then(|it| it.try_into().ok());
        bytes.map_or(0, u32::from_le_bytes)
    };
    let bytes = u32::try_from(RING_BYTES).unwrap_or(0);
    let words = [(BASE_LOW, half(0)), (BASE_HIGH, half(4)), (BYTES, bytes), (HEAD, 0), (TAIL, 0)];
    words.iter().try_for_each(|(offset, word)| registers.write_u32(at + offset, *word))
}

impl<R: RegisterFile, S: Space> Backend for Card<R, S> {
    fn link(&self) -> Link {
        self.link
    }

    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, NicError> {
        map_run(&self.space, pool, pages).map_err(|_| NicError::BadPool)
    }

    /// # Panics
    /// When the ring's memory is gone.
    fn submit(&mut self, frame: &DeviceFrame) -> Submitted {
        match self.give(frame) {
            Ok(true) => Submitted::Accepted,
            Ok(false) => Submitted::Full,
            // NOFAIL: each descriptor lies in the ring's memory, which lives as long as it.
            Err(error) => panic!("{error}"),
        }
    }

    fn kick(&mut self) {
        let [receives, transmits] = core::mem::take(&mut self.news);
        if receives {
            self.write(RECEIVE + TAIL, self.receive.tail());
        }
        if transmits {
            self.write(TRANSMIT + TAIL, self.transmit.tail());
        }
    }

    /// # Panics
    /// When the ring's memory is gone.
    fn complete(&mut self) -> Option<Completed> {
        match self.next() {
            Ok(completed) => completed,
            // NOFAIL: as in `submit`.
            Err(error) => panic!("{error}"),
        }
    }
}
