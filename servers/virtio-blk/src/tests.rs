//! The driver on a fake device: what comes of requests, also with a hostile device.

mod hostile;
mod lives;

use crate::Disk;
use crate::config::DEPTH;
use block::{Backend, BlockError, Completed, DeviceRequest, Operation, Submitted};
use std::rc::Rc;
use sys::{DeviceAddress, Mapping, Memory, Protection};
use testkit::device::{self, Bus, Setup, Virtio};
use virtio::{Area, Areas};

type Fake = Virtio<device::Disk>;

fn areas(device: &Rc<Fake>) -> Areas<Fake> {
    let area = |offset| Area::new(device.clone(), offset, 0x1000).unwrap();
    let (common, notify) = (area(Fake::COMMON), area(Fake::NOTIFY));
    Areas { common, notify, multiplier: Fake::MULTIPLIER, device: Some(area(Fake::DEVICE)) }
}

/// A driver, its device, and a client's pool.
struct Bench {
    bus: Bus,
    device: Rc<Fake>,
    disk: Disk<Fake, Bus>,
    pool: Mapping,
    at: DeviceAddress,
}

/// Pages of the pool.
const PAGES: u64 = 64;

fn bench(model: device::Disk, setup: Setup) -> Bench {
    dma::begin_life();
    let bus = Bus::default();
    let device = Rc::new(Virtio::new(&bus, model, setup));
    let mut disk = Disk::open(areas(&device), bus.clone()).unwrap();
    let memory = Memory::create(PAGES).unwrap();
    let at = disk.map_pool(&memory, PAGES).unwrap();
    Bench { bus, device, disk, pool: memory.map_own(Protection::ReadWrite).unwrap(), at }
}

impl Bench {
    fn request(&self, tag: u16, operation: Operation, lba: u64, sectors: u32) -> DeviceRequest {
        let address = self.at.plus(u64::from(tag) * 4096);
        DeviceRequest { tag, operation, lba, sectors, address }
    }

    /// Makes one request: how it ended.
    fn make(&mut self, operation: Operation, lba: u64, sectors: u32) -> Result<(), BlockError> {
        let request = self.request(3, operation, lba, sectors);
        match self.disk.submit(&request) {
            Submitted::Accepted => self.disk.kick(),
            Submitted::Refused(error) => return Err(error),
            Submitted::Full => panic!("full"),
        }
        let completed = self.disk.complete().unwrap();
        assert_eq!((completed.tag, self.disk.complete()), (3, None));
        completed.result
    }

    fn buffer(&self, tag: u16, bytes: usize) -> Vec<u8> {
        let mut into = vec![0; bytes];
        self.pool.read_at(usize::from(tag) * 4096, &mut into).unwrap();
        into
    }
}

/// A disk whose sector n is full of n.
fn numbered(sectors: usize) -> device::Disk {
    let disk = device::Disk::new(sectors);
    for (number, sector) in disk.bytes.lock().unwrap().chunks_mut(512).enumerate() {
        sector.fill(u8::try_from(number % 251).unwrap());
    }
    disk
}

#[test]
fn sectors_are_read_into_the_client_s_pool() {
    let mut bench = bench(numbered(64), Setup::default());
    assert_eq!(bench.make(Operation::Read, 5, 2), Ok(()));
    let bytes = bench.buffer(3, 1024 + 1);
    assert!(bytes[..512].iter().all(|byte| *byte == 5));
    assert!(bytes[512..1024].iter().all(|byte| *byte == 6));
    assert_eq!(bytes[1024], 0, "no byte more");
    assert_eq!((bench.bus.faults().len(), bench.device.violations().len()), (0, 0));
}

#[test]
fn sectors_are_written_flushed_and_discarded() {
    let mut bench = bench(numbered(64), Setup::default());
    bench.pool.write_at(3 * 4096, &[0xaa; 1024]).unwrap();
    assert_eq!(bench.make(Operation::Write, 62, 2), Ok(()));
    assert_eq!(bench.make(Operation::Flush, 0, 0), Ok(()));
    assert_eq!(bench.device.model().flushes, 1);
    assert_eq!(bench.make(Operation::Discard, 10, 3), Ok(()));
    let model = bench.device.model();
    let bytes = model.bytes.lock().unwrap();
    assert!(bytes[62 * 512..].iter().all(|byte| *byte == 0xaa));
    assert!(bytes[10 * 512..13 * 512].iter().all(|byte| *byte == 0xdd));
    assert!(bytes[13 * 512..14 * 512].iter().all(|byte| *byte == 13));
}

#[test]
fn what_the_device_says_has_a_type() {
    let mut bench = bench(numbered(64), Setup::default());
    bench.device.model().broken = vec![7];
    assert_eq!(bench.make(Operation::Read, 6, 3), Err(BlockError::Device));
    assert_eq!(bench.make(Operation::Read, 8, 3), Ok(()));
    for (status, error) in
        [(1, BlockError::Device), (2, BlockError::Unsupported), (99, BlockError::Device)]
    {
        bench.device.model().status = Some(status);
        assert_eq!(bench.make(Operation::Read, 0, 1), Err(error));
    }
}

#[test]
fn the_identity_is_the_device_s() {
    let mut model = numbered(64);
    model.read_only = true;
    let mut bench = bench(model, Setup::default());
    bench.disk.ask_serial().unwrap();
    assert!(bench.disk.learn_serial().unwrap());
    let identity = bench.disk.identity();
    assert_eq!((identity.sectors, identity.depth), (64, DEPTH));
    assert_eq!((identity.serial.as_str(), identity.read_only), ("fake-disk-1", true));
    assert_eq!((identity.max_sectors, identity.discard), (256, true));
    assert_eq!(bench.make(Operation::Read, 0, 1), Ok(()), "after the serial number");
}

#[test]
fn requests_beyond_the_device_s_limits_are_refused() {
    let mut bench = bench(numbered(256), Setup::default());
    assert_eq!(bench.make(Operation::Discard, 0, 65), Err(BlockError::BadRequest));
    assert_eq!(bench.make(Operation::Read, 0, 257), Err(BlockError::BadRequest));
    let request = bench.request(DEPTH, Operation::Read, 0, 1);
    assert_eq!(bench.disk.submit(&request), Submitted::Refused(BlockError::BadRequest));
    bench.device.model().discards = false;
    let mut without =
        self::bench(device::Disk { discards: false, ..numbered(8) }, Setup::default());
    assert_eq!(without.make(Operation::Discard, 0, 1), Err(BlockError::Unsupported));
}

#[test]
fn thirty_two_requests_are_in_flight_and_end_in_the_device_s_order() {
    let mut bench = bench(numbered(64), Setup::default());
    bench.device.hold();
    for tag in 0..DEPTH {
        let request = bench.request(tag, Operation::Read, tag.into(), 1);
        assert_eq!(bench.disk.submit(&request), Submitted::Accepted);
    }
    bench.disk.kick();
    assert_eq!(bench.disk.complete(), None);
    bench.device.release();
    let tags = std::iter::from_fn(|| bench.disk.complete()).map(|Completed { tag, result }| {
        assert_eq!(result, Ok(()));
        tag
    });
    assert!(tags.eq((0..DEPTH).rev()));
    for tag in 0..DEPTH {
        assert_eq!(bench.buffer(tag, 1), [u8::try_from(tag).unwrap()]);
    }
}

#[test]
fn there_is_one_interrupt_and_one_doorbell_for_a_batch() {
    let mut bench = bench(numbered(64), Setup::default());
    let bell = sys::Notification::create().unwrap();
    bench.device.interrupt_to(bell.copy(sys::Rights::ALL).unwrap(), 1);
    bench.device.hold();
    for tag in 0..8 {
        let request = bench.request(tag, Operation::Read, 0, 1);
        assert_eq!(bench.disk.submit(&request), Submitted::Accepted);
    }
    bench.disk.kick();
    assert_eq!(bench.device.doorbells(), 1);
    // The driver is already at work when the others come.
    bench.device.release();
    assert_eq!(bell.poll(), Ok(1));
    assert!(bench.disk.complete().is_some());
    assert_eq!(bench.make_more(), 7);
    assert_eq!(bell.poll(), Err(sys::Error::WouldBlock));
    // Interrupts are on again when all are taken.
    bench.make(Operation::Read, 0, 1).unwrap();
    assert_eq!(bell.poll(), Ok(1));
}

impl Bench {
    /// Takes all completions: their number.
    fn make_more(&mut self) -> usize {
        std::iter::from_fn(|| self.disk.complete()).count()
    }
}

#[test]
fn pools_come_and_go() {
    let mut bench = bench(numbered(8), Setup::default());
    let mappings = bench.bus.mappings();
    let memory = Memory::create(4).unwrap();
    let at = bench.disk.map_pool(&memory, 4).unwrap();
    assert_eq!(bench.bus.mappings(), mappings + 1);
    bench.disk.unmap_pool(at, 4);
    bench.bus.fragment(3);
    assert_eq!(bench.disk.map_pool(&memory, 4), Err(BlockError::BadPool));
    assert_eq!(bench.bus.mappings(), mappings);
}
