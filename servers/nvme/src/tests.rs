//! The driver on a fake controller.

mod hostile;
mod lives;

use crate::disk::DEPTH;
use crate::{Disk, REGISTER_PAGES, Starting, Step};
use block::{Backend, BlockError, DeviceRequest, Operation, Submitted};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use sys::{DeviceAddress, Failure, Mapping, Memory, Protection};
use testkit::device::{Bus, Nvme};

type Bytes = Arc<Mutex<Vec<u8>>>;

/// A disk whose sector n is full of n.
fn numbered(sectors: usize) -> Bytes {
    let mut bytes = vec![0; sectors * 512];
    for (number, sector) in bytes.chunks_mut(512).enumerate() {
        sector.fill(u8::try_from(number % 251).unwrap());
    }
    Arc::new(Mutex::new(bytes))
}

/// Brings a controller up.
fn up(device: &Nvme, bus: &Bus) -> Result<Disk<Bus>, Failure> {
    dma::begin_life();
    let registers = device.memory().map_registers(0, REGISTER_PAGES)?;
    let window = device.memory().map_own(Protection::ReadWrite)?;
    let mut starting = Starting::new(&registers, window, bus.clone())?;
    for _ in 0..100 {
        device.step();
        starting = match starting.step()? {
            Step::Ready(disk) => return Ok(*disk),
            Step::Pause(starting, _) | Step::Interrupt(starting) => starting,
        };
    }
    Err("it does not come up".into())
}

/// A driver, its controller, and a client's pool.
struct Bench {
    bus: Bus,
    device: Rc<Nvme>,
    disk: Disk<Bus>,
    pool: Mapping,
    at: DeviceAddress,
}

fn bench(bytes: &Bytes, block: usize) -> Bench {
    let bus = Bus::default();
    let device = Rc::new(Nvme::new(&bus, bytes, block).unwrap());
    let mut disk = up(&device, &bus).unwrap();
    let memory = Memory::create(64).unwrap();
    let at = disk.map_pool(&memory, 64).unwrap();
    Bench { bus, device, disk, pool: memory.map_own(Protection::ReadWrite).unwrap(), at }
}

impl Bench {
    fn request(&self, tag: u16, operation: Operation, lba: u64, sectors: u32) -> DeviceRequest {
        let address = self.at.plus(u64::from(tag) * 4096);
        DeviceRequest { tag, operation, lba, sectors, address }
    }

    /// Makes one request: how it ended.
    fn make(&mut self, request: &DeviceRequest) -> Result<(), BlockError> {
        match self.disk.submit(request) {
            Submitted::Accepted => self.disk.kick(),
            Submitted::Refused(error) => return Err(error),
            Submitted::Full => panic!("full"),
        }
        self.device.step();
        let completed = self.disk.complete().unwrap();
        assert_eq!((completed.tag, self.disk.complete()), (request.tag, None));
        completed.result
    }

    fn run(&mut self, operation: Operation, lba: u64, sectors: u32) -> Result<(), BlockError> {
        self.make(&self.request(3, operation, lba, sectors))
    }

    fn buffer(&self, tag: u16, bytes: usize) -> Vec<u8> {
        let mut into = vec![0; bytes];
        self.pool.read_at(usize::from(tag) * 4096, &mut into).unwrap();
        into
    }
}

#[test]
fn the_identity_is_the_namespace_s() {
    let small = bench(&numbered(64), 512).disk.identity();
    assert_eq!((small.sectors, small.alignment, small.max_sectors), (64, 1, 256));
    assert_eq!((small.model.as_str(), small.depth, small.discard), ("nvme", DEPTH, false));
    let large = bench(&numbered(64), 4096).disk.identity();
    assert_eq!((large.sectors, large.alignment, large.max_sectors), (64, 8, 256));
}

/// One page, two pages, a list of pages; also from the middle of a page on.
#[test]
fn sectors_are_read_into_the_client_s_pool() {
    let mut bench = bench(&numbered(512), 512);
    for (lba, sectors, offset) in
        [(5_u64, 2_u32, 0_u16), (8, 16, 0), (100, 256, 0), (3, 9, 512), (3, 40, 3584)]
    {
        let mut request = bench.request(1, Operation::Read, lba, sectors);
        request.address = request.address.plus(offset.into());
        assert_eq!(bench.make(&request), Ok(()));
        let offset = usize::from(offset);
        let end = offset + usize::try_from(sectors).unwrap() * 512;
        let bytes = bench.buffer(1, end);
        for (number, sector) in (lba..).zip(bytes[offset..].chunks(512)) {
            assert!(sector.iter().all(|byte| u64::from(*byte) == number % 251), "{number}");
        }
    }
    assert_eq!(bench.bus.faults(), []);
}

#[test]
fn sectors_are_written_and_flushed() {
    let bytes = numbered(64);
    let mut bench = bench(&bytes, 4096);
    bench.pool.write_at(3 * 4096, &[0xaa; 4096]).unwrap();
    assert_eq!(bench.run(Operation::Write, 16, 8), Ok(()));
    assert_eq!(bench.run(Operation::Flush, 0, 0), Ok(()));
    assert_eq!(bench.device.flushes(), 1);
    let bytes = bytes.lock().unwrap();
    assert!(bytes[16 * 512..24 * 512].iter().all(|byte| *byte == 0xaa));
    assert!(bytes[24 * 512..25 * 512].iter().all(|byte| *byte == 24));
}

#[test]
fn requests_beyond_the_namespace_are_refused() {
    let mut bench = bench(&numbered(64), 4096);
    assert_eq!(bench.run(Operation::Read, 64, 8), Err(BlockError::OutOfRange));
    assert_eq!(bench.run(Operation::Read, 4, 8), Err(BlockError::BadRequest), "half a block");
    assert_eq!(bench.run(Operation::Read, 0, 512), Err(BlockError::BadRequest), "too long");
    assert_eq!(bench.run(Operation::Discard, 0, 8), Err(BlockError::Unsupported));
    assert_eq!(bench.run(Operation::Read, 0, 8), Ok(()));
}

#[test]
fn thirty_two_requests_are_in_flight() {
    let mut bench = bench(&numbered(64), 512);
    // More than the queue has entries, in all.
    for _ in 0..10 {
        for tag in 0..DEPTH {
            let request = bench.request(tag, Operation::Read, tag.into(), 1);
            assert_eq!(bench.disk.submit(&request), Submitted::Accepted);
        }
        let more = bench.request(0, Operation::Read, 0, 1);
        assert_eq!(bench.disk.submit(&more), Submitted::Full);
        bench.disk.kick();
        assert_eq!(bench.disk.complete(), None);
        bench.device.step();
        let mut tags: Vec<_> = std::iter::from_fn(|| bench.disk.complete())
            .map(|completed| completed.result.map(|()| completed.tag).unwrap())
            .collect();
        tags.sort_unstable();
        assert!(tags.into_iter().eq(0..DEPTH));
        for tag in 0..DEPTH {
            assert_eq!(bench.buffer(tag, 1), [u8::try_from(tag).unwrap()]);
        }
    }
}
