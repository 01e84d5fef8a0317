//! The driver on a fake device: frames in both directions, also with a hostile device.

use crate::Card;
use crate::card::DEPTH;
use crate::registers::{
    ADDRESS_HIGH, ADDRESS_LOW, BASE_HIGH, BASE_LOW, CAUSE_RECEIVE, CAUSE_TRANSMIT, CTRL,
    CTRL_RESET, HEAD, ICR, IMC, IMS, RECEIVE, TAIL, TRANSMIT,
};
use nic::{Backend, Completed, DeviceFrame, NicError, Operation, Submitted};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use sys::{DeviceAddress, Error, Mapping, Memory, Protection, RegisterFile};
use testkit::device::Bus;

const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const PAGES: u64 = 64;
const SIZE: u32 = 128;
/// Of a received frame: done, and whole.
const GOOD: u8 = 3;

/// The device.
struct Fake {
    bus: Bus,
    words: RefCell<BTreeMap<usize, u32>>,
    transmitted: RefCell<Vec<Vec<u8>>>,
    interrupts: Cell<u32>,
    /// It never comes out of its reset.
    stuck: bool,
}

impl Fake {
    fn word(&self, at: usize) -> u32 {
        self.words.borrow().get(&at).copied().unwrap_or(0)
    }

    fn set(&self, at: usize, value: u32) {
        self.words.borrow_mut().insert(at, value);
    }

    fn descriptor(&self, ring: usize, number: u32) -> u64 {
        let base =
            u64::from(self.word(ring + BASE_HIGH)) << 32 | u64::from(self.word(ring + BASE_LOW));
        base + u64::from(number) * 16
    }

    fn cause(&self, cause: u32) {
        let before = self.word(ICR) & self.word(IMS);
        self.set(ICR, self.word(ICR) | cause);
        if before == 0 && self.word(ICR) & self.word(IMS) != 0 {
            self.interrupts.set(self.interrupts.get() + 1);
        }
    }

    fn transmit(&self) {
        while self.word(TRANSMIT + HEAD) != self.word(TRANSMIT + TAIL) {
            let head = self.word(TRANSMIT + HEAD);
            let mut descriptor = [0; 16];
            self.bus.read(self.descriptor(TRANSMIT, head), &mut descriptor);
            assert_eq!(descriptor[11], 0b1011, "the end, with a check sequence, reported");
            let address = u64::from_le_bytes(descriptor[..8].try_into().unwrap());
            let mut frame = vec![0; u16::from_le_bytes([descriptor[8], descriptor[9]]).into()];
            self.bus.read(address, &mut frame);
            self.transmitted.borrow_mut().push(frame);
            self.bus.write(self.descriptor(TRANSMIT, head) + 12, &[1]);
            self.set(TRANSMIT + HEAD, (head + 1) % SIZE);
            self.cause(CAUSE_TRANSMIT);
        }
    }

    /// A frame comes over the wire, and the device says this of it: whether it had a slot.
    fn arrive(&self, frame: &[u8], said: u16, status: u8, errors: u8) -> bool {
        let head = self.word(RECEIVE + HEAD);
        if head == self.word(RECEIVE + TAIL) {
            return false;
        }
        let descriptor = self.descriptor(RECEIVE, head);
        let mut address = [0; 8];
        self.bus.read(descriptor, &mut address);
        self.bus.write(u64::from_le_bytes(address), frame);
        self.bus.write(descriptor + 8, &said.to_le_bytes());
        self.bus.write(descriptor + 12, &[status, errors]);
        self.set(RECEIVE + HEAD, (head + 1) % SIZE);
        self.cause(CAUSE_RECEIVE);
        true
    }
}

/// The registers of the device.
#[derive(Clone)]
struct Registers(Rc<Fake>);

impl RegisterFile for Registers {
    fn len(&self) -> usize {
        0x2_0000
    }
    fn read_u32(&self, at: usize) -> Result<u32, Error> {
        Ok(self.0.word(at))
    }
    fn write_u32(&self, at: usize, value: u32) -> Result<(), Error> {
        let fake = &self.0;
        match at {
            CTRL if value & CTRL_RESET != 0 && !fake.stuck => {
                fake.words.borrow_mut().clear();
                fake.set(ADDRESS_LOW, u32::from_le_bytes(MAC[..4].try_into().unwrap()));
                fake.set(ADDRESS_HIGH, u32::from(MAC[4]) | u32::from(MAC[5]) << 8 | 1 << 31);
            }
            ICR => fake.set(ICR, fake.word(ICR) & !value),
            IMS => {
                fake.set(IMS, fake.word(IMS) | value);
                // Causes that are there already interrupt at once.
                let causes = fake.word(ICR);
                fake.set(ICR, 0);
                fake.cause(causes);
            }
            IMC => fake.set(IMS, fake.word(IMS) & !value),
            _ => fake.set(at, value),
        }
        if at == TRANSMIT + TAIL {
            fake.transmit();
        }
        Ok(())
    }
    fn read_u8(&self, _: usize) -> Result<u8, Error> {
        Err(Error::BadAddress)
    }
    fn read_u16(&self, _: usize) -> Result<u16, Error> {
        Err(Error::BadAddress)
    }
    fn read_u64(&self, _: usize) -> Result<u64, Error> {
        Err(Error::BadAddress)
    }
    fn write_u8(&self, _: usize, _: u8) -> Result<(), Error> {
        Err(Error::BadAddress)
    }
    fn write_u16(&self, _: usize, _: u16) -> Result<(), Error> {
        Err(Error::BadAddress)
    }
    fn write_u64(&self, _: usize, _: u64) -> Result<(), Error> {
        Err(Error::BadAddress)
    }
}

/// A driver, its device, and the client's pool.
struct Bench {
    fake: Rc<Fake>,
    card: Card<Registers, Bus>,
    pool: Mapping,
    at: DeviceAddress,
}

fn fake(stuck: bool) -> (Bus, Rc<Fake>) {
    dma::begin_life();
    let bus = Bus::default();
    let fake = Fake {
        bus: bus.clone(),
        words: RefCell::default(),
        transmitted: RefCell::default(),
        interrupts: Cell::new(0),
        stuck,
    };
    (bus, Rc::new(fake))
}

fn bench() -> Bench {
    let (bus, fake) = fake(false);
    let mut card = Card::open(Registers(fake.clone()), bus).unwrap();
    let memory = Memory::create(PAGES).unwrap();
    let at = card.map_pool(&memory, PAGES).unwrap();
    Bench { fake, card, pool: memory.map_own(Protection::ReadWrite).unwrap(), at }
}

impl Bench {
    fn submit(&mut self, tag: u16, operation: Operation, bytes: u16) -> Submitted {
        let address = self.at.plus(u64::from(tag % 64) * 2048);
        let submitted = self.card.submit(&DeviceFrame { tag, operation, address, bytes });
        self.card.kick();
        submitted
    }

    fn transmit(&mut self, tag: u16, frame: &[u8]) -> Submitted {
        self.pool.write_at(usize::from(tag % 64) * 2048, frame).unwrap();
        self.submit(tag, Operation::Transmit, u16::try_from(frame.len()).unwrap())
    }

    fn slot(&self, tag: u16, bytes: usize) -> Vec<u8> {
        let mut into = vec![0; bytes];
        self.pool.read_at(usize::from(tag) * 2048, &mut into).unwrap();
        into
    }
}

fn done(tag: u16, bytes: u16) -> Option<Completed> {
    Some(Completed { tag, result: Ok(bytes) })
}

#[test]
fn frames_are_transmitted_and_come_back() {
    let mut bench = bench();
    let frame: Vec<u8> = (0..1514).map(|place| u8::try_from(place % 251).unwrap()).collect();
    // More than once around the ring.
    for number in 0..300_u16 {
        assert_eq!(bench.transmit(number % 64, &frame), Submitted::Accepted);
        assert_eq!(bench.card.complete(), done(number % 64, 0));
        assert_eq!(bench.card.complete(), None);
    }
    assert!(bench.fake.transmitted.borrow().iter().all(|it| *it == frame));
    assert_eq!(bench.fake.transmitted.borrow().len(), 300);
    assert_eq!((bench.fake.bus.faults().len(), bench.fake.interrupts.get()), (0, 0));
}

#[test]
fn frames_are_received_into_the_client_s_slots_in_order() {
    let mut bench = bench();
    assert!(!bench.fake.arrive(&[1; 60], 60, GOOD, 0), "no slot, no frame");
    for tag in [5, 2] {
        assert_eq!(bench.submit(tag, Operation::Fill, 2048), Submitted::Accepted);
    }
    assert_eq!(bench.card.complete(), None);
    assert!(
        bench.fake.arrive(&[7; 60], 60, GOOD, 0) && bench.fake.arrive(&[8; 1514], 1514, GOOD, 0)
    );
    assert_eq!(bench.fake.interrupts.get(), 1, "one for both");
    assert_eq!((bench.card.complete(), bench.card.complete()), (done(5, 60), done(2, 1514)));
    assert_eq!(bench.card.complete(), None);
    assert_eq!((bench.slot(5, 60), bench.slot(2, 1514)), (vec![7; 60], vec![8; 1514]));
    bench.submit(1, Operation::Fill, 2048);
    assert!(bench.fake.arrive(&[9; 60], 60, GOOD, 0));
    assert_eq!(bench.fake.interrupts.get(), 2, "it listens again");
    assert_eq!(bench.card.complete(), done(1, 60));
}

#[test]
fn a_full_ring_takes_no_more_until_something_comes_back() {
    let mut bench = bench();
    let fits =
        (0..200).take_while(|tag| bench.submit(*tag, Operation::Fill, 2048) == Submitted::Accepted);
    let fits = fits.count();
    assert_eq!(fits, 127);
    assert!(fits >= DEPTH.into());
    assert!(bench.fake.arrive(&[1; 60], 60, GOOD, 0));
    assert_eq!(bench.card.complete(), done(0, 60));
    assert_eq!(bench.submit(7, Operation::Fill, 2048), Submitted::Accepted);
}

#[test]
fn what_cannot_be_is_a_failed_frame() {
    let mut bench = bench();
    for (said, status, errors) in [
        (0, GOOD, 0),
        (13, GOOD, 0),
        (2049, GOOD, 0),
        (u16::MAX, GOOD, 0),
        (60, 1, 0),
        (60, GOOD, 1),
        (60, GOOD, 0x80),
    ] {
        bench.submit(3, Operation::Fill, 2048);
        assert!(bench.fake.arrive(&[1; 60], said, status, errors));
        let failed = Some(Completed { tag: 3, result: Err(NicError::Device) });
        assert_eq!(bench.card.complete(), failed, "{said} {status} {errors}");
    }
    // A wrong checksum of a protocol is not the wire's fault.
    bench.submit(3, Operation::Fill, 2048);
    assert!(bench.fake.arrive(&[1; 60], 60, GOOD, 0x60));
    assert_eq!(bench.card.complete(), done(3, 60));
}

#[test]
fn a_device_that_is_none_is_refused() {
    let (bus, stuck) = fake(true);
    let refused = Card::open(Registers(stuck), bus).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("reset"), "{refused}");
    let link = bench().card.link();
    assert_eq!((link.mac, link.mtu, link.depth), (MAC, 1500, DEPTH));
}
