//! The driver on a fake device: frames in both directions, also with a hostile device.

mod hostile;

use crate::Card;
use crate::card::DEPTH;
use nic::{Backend, Completed, DeviceFrame, Operation, Submitted};
use std::rc::Rc;
use sys::{DeviceAddress, Mapping, Memory, Protection};
use testkit::device::{self, Bus, Setup, Virtio};
use virtio::{Area, Areas};

type Fake = Virtio<device::Card>;

const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const PAGES: u64 = 64;

fn areas(device: &Rc<Fake>) -> Areas<Fake> {
    let area = |offset| Area::new(device.clone(), offset, 0x1000).unwrap();
    let (common, notify) = (area(Fake::COMMON), area(Fake::NOTIFY));
    Areas { common, notify, multiplier: Fake::MULTIPLIER, device: Some(area(Fake::DEVICE)) }
}

/// A driver, its device, and the client's pool.
struct Bench {
    bus: Bus,
    device: Rc<Fake>,
    card: Card<Fake, Bus>,
    pool: Mapping,
    at: DeviceAddress,
}

fn bench_of(model: device::Card) -> Result<Bench, sys::Failure> {
    dma::begin_life();
    let bus = Bus::default();
    let device = Rc::new(Virtio::new(&bus, model, Setup::default()));
    let mut card = Card::open(areas(&device), bus.clone())?;
    let memory = Memory::create(PAGES).unwrap();
    let at = card.map_pool(&memory, PAGES).unwrap();
    Ok(Bench { bus, device, card, pool: memory.map_own(Protection::ReadWrite).unwrap(), at })
}

fn bench() -> Bench {
    bench_of(device::Card::new(MAC)).unwrap()
}

impl Bench {
    fn submit(&mut self, tag: u16, operation: Operation, bytes: u16) -> Submitted {
        let address = self.at.plus(u64::from(tag) * 2048);
        let submitted = self.card.submit(&DeviceFrame { tag, operation, address, bytes });
        self.card.kick();
        submitted
    }

    fn transmit(&mut self, tag: u16, frame: &[u8]) -> Submitted {
        self.pool.write_at(usize::from(tag) * 2048, frame).unwrap();
        self.submit(tag, Operation::Transmit, u16::try_from(frame.len()).unwrap())
    }

    /// A frame comes over the wire: whether the device had a slot for it.
    fn arrive(&self, frame: &[u8]) -> bool {
        self.device.complete_kept(0, |_, chain, bus| device::Card::receive(frame, chain, bus))
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
fn frames_are_transmitted_without_their_header() {
    let mut bench = bench();
    let frame: Vec<u8> = (0..1514).map(|place| u8::try_from(place % 251).unwrap()).collect();
    assert_eq!(bench.transmit(3, &frame), Submitted::Accepted);
    assert_eq!(bench.card.complete(), done(3, 0));
    assert_eq!(bench.card.complete(), None);
    assert_eq!(bench.device.model().transmitted, [frame]);
    assert_eq!((bench.bus.faults().len(), bench.device.violations().len()), (0, 0));
}

#[test]
fn frames_are_received_into_the_client_s_slots_in_order() {
    let mut bench = bench();
    assert!(!bench.arrive(&[1; 60]), "no slot, no frame");
    for tag in [5, 2] {
        assert_eq!(bench.submit(tag, Operation::Fill, 2048), Submitted::Accepted);
    }
    assert_eq!(bench.card.complete(), None);
    assert!(bench.arrive(&[7; 60]) && bench.arrive(&[8; 1514]));
    assert_eq!((bench.card.complete(), bench.card.complete()), (done(5, 60), done(2, 1514)));
    assert_eq!((bench.slot(5, 60), bench.slot(2, 1514)), (vec![7; 60], vec![8; 1514]));
    assert_eq!(bench.slot(5, 61)[60], 0, "no byte more");
    assert_eq!((bench.bus.faults().len(), bench.device.violations().len()), (0, 0));
}

#[test]
fn the_link_is_the_device_s() {
    let link = bench().card.link();
    assert_eq!((link.mac, link.mtu, link.depth), (MAC, 1500, DEPTH));
    for (said, used) in [(1280, 1280), (0, 1500), (575, 1500), (9000, 1500), (u16::MAX, 1500)] {
        let model = device::Card { mtu: Some(said), ..device::Card::new(MAC) };
        assert_eq!(bench_of(model).unwrap().card.link().mtu, used);
    }
    for mac in [None, Some([0; 6]), Some([1, 0, 0, 0, 0, 1]), Some([0xff; 6])] {
        let model = device::Card { mac, ..device::Card::new(MAC) };
        assert!(bench_of(model).is_err(), "{mac:?}");
    }
}

#[test]
fn a_full_queue_says_so_and_goes_on() {
    let mut bench = bench();
    for tag in 0..DEPTH {
        assert_eq!(bench.submit(tag % 100, Operation::Fill, 2048), Submitted::Accepted);
    }
    assert_eq!(bench.submit(0, Operation::Fill, 2048), Submitted::Full);
    assert!(bench.arrive(&[1; 60]));
    assert_eq!(bench.card.complete(), done(0, 60));
    assert_eq!(bench.submit(0, Operation::Fill, 2048), Submitted::Accepted);
}

#[test]
fn there_are_few_interrupts_for_transmitted_frames() {
    let mut bench = bench();
    let bell = sys::Notification::create().unwrap();
    bench.device.interrupt_to(bell.copy(sys::Rights::ALL).unwrap(), 1);
    for tag in 0..10 {
        bench.transmit(tag, &[9; 60]);
        assert_eq!(bench.card.complete(), done(tag, 0));
    }
    assert_eq!(bench.card.complete(), None);
    assert_eq!(bench.device.interrupts(), 0);
    // With many in flight their ends are waited for.
    bench.device.hold();
    for tag in 0..30 {
        bench.transmit(tag, &[9; 60]);
    }
    assert_eq!(bench.card.complete(), None);
    bench.device.release();
    assert_eq!(bell.poll(), Ok(1));
    assert_eq!(std::iter::from_fn(|| bench.card.complete()).count(), 30);
    // And a received frame interrupts.
    bench.submit(40, Operation::Fill, 2048);
    assert_eq!(bench.card.complete(), None);
    assert!(bell.poll().is_err());
    assert!(bench.arrive(&[1; 60]));
    assert_eq!(bell.poll(), Ok(1));
}
