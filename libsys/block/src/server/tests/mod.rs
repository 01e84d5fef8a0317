//! The server in the test's own process, with a disk that answers when it is told to.

mod fairness;
mod hostile;

use super::{BlockServer, NEWS};
use crate::{
    Backend, Bits, BlockDriver, BlockError, Completed, Completion, DeviceRequest, Identity,
    Operation, Range, Request, Submitted, Terms,
};
use executor::Executor;
use queue::Channel;
use service::Caller;
use std::collections::{BTreeSet, VecDeque};
use sys::{DeviceAddress, Memory, Notification, Rights};

/// Sectors of the disk.
pub(crate) const SECTORS: u64 = 1000;
/// Pages of a client's pool.
const POOL: u64 = 4;
const BITS: Bits = Bits { news: 1, end: 2 };

/// A disk that completes requests in order, as many as it is allowed to.
#[derive(Debug)]
pub(crate) struct StepDisk {
    identity: Identity,
    pub(crate) queue: VecDeque<DeviceRequest>,
    pub(crate) allowed: usize,
    /// What it says of tags that it was not asked for.
    pub(crate) lies: VecDeque<u16>,
    pub(crate) pools: BTreeSet<u64>,
    next_pool: u64,
}

impl StepDisk {
    pub(crate) fn new(depth: u16) -> Self {
        let identity = Identity {
            sectors: SECTORS,
            alignment: 1,
            max_sectors: 256,
            depth,
            ..Identity::default()
        };
        let (queue, lies) = (VecDeque::new(), VecDeque::new());
        Self { identity, queue, allowed: 0, lies, pools: BTreeSet::new(), next_pool: 0 }
    }
}

impl Backend for StepDisk {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }
    fn map_pool(&mut self, _: &Memory, _: u64) -> Result<DeviceAddress, BlockError> {
        self.next_pool += 1 << 32;
        self.pools.insert(self.next_pool);
        Ok(DeviceAddress(self.next_pool))
    }
    fn unmap_pool(&mut self, pool: DeviceAddress, _: u64) {
        assert!(self.pools.remove(&pool.0), "each pool is unmapped once");
        let inside = |r: &DeviceRequest| r.address.0 >> 32 == pool.0 >> 32;
        assert!(!self.queue.iter().any(inside), "the device still has requests in it");
    }
    fn submit(&mut self, request: &DeviceRequest) -> Submitted {
        if self.queue.len() >= usize::from(self.identity.depth) {
            return Submitted::Full;
        }
        self.queue.push_back(*request);
        Submitted::Accepted
    }
    fn kick(&mut self) {}
    fn complete(&mut self) -> Option<Completed> {
        if let Some(tag) = self.lies.pop_front() {
            return Some(Completed { tag, result: Ok(()) });
        }
        let request = self.queue.pop_front_if(|_| self.allowed > 0)?;
        self.allowed -= 1;
        Some(Completed { tag: request.tag, result: Ok(()) })
    }
}

/// A client that writes what it likes.
pub(crate) struct Raw {
    pub(crate) channel: Channel<Request, Completion>,
    pub(crate) epoch: u32,
    next: u32,
}

/// Runs a test in a process of its own: an executor stays bound to its thread.
pub(crate) fn alone<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    testkit::run(|system| {
        let quota = sys::Quota {
            pages: 8 * 1024,
            handles: 256,
            threads: 4,
            objects: 512,
            max_priority: 20,
            reserved: 0,
        };
        system.program("driver").quota(quota).script(|_| test()).join()
    })
}

/// All of the disk.
pub(crate) fn whole() -> Range {
    Range { first: 0, sectors: SECTORS, read_only: false }
}

pub(crate) fn server(depth: u16) -> BlockServer<StepDisk> {
    BlockServer::new(Executor::new().unwrap(), StepDisk::new(depth)).unwrap()
}

pub(crate) fn attach(
    server: &mut BlockServer<StepDisk>,
    owner: u64,
    range: Range,
    units: u16,
) -> Result<Raw, BlockError> {
    attach_pool(server, owner, range, (units, POOL))
}

pub(crate) fn attach_pool(
    server: &mut BlockServer<StepDisk>,
    owner: u64,
    range: Range,
    (units, pages): (u16, u64),
) -> Result<Raw, BlockError> {
    let bell = Notification::create().unwrap();
    let terms = Terms { owner, range, units, bits: BITS };
    let pool = Memory::create(pages).unwrap();
    let given = bell.copy(Rights::SIGNAL | Rights::TRANSFER).unwrap();
    let (offer, attached) = server.attach(&Caller::with_badge(7), pool, given, terms)?;
    let own = BITS.bell(bell);
    let channel = offer.channel(Some(own)).unwrap();
    Ok(Raw { channel, epoch: attached.epoch, next: 0 })
}

impl Raw {
    /// A good read of a sector, to be spoiled.
    pub(crate) fn read(&mut self, lba: u64, sectors: u32) -> Request {
        self.next += 1;
        Request {
            lba,
            id: self.next,
            epoch: self.epoch,
            operation: Operation::Read as u32,
            sectors,
            ..Request::default()
        }
        .sealed()
    }

    /// Reads sectors.
    pub(crate) fn ask(&mut self, lba: u64, sectors: u32) {
        let request = self.read(lba, sectors);
        self.send(request);
    }

    pub(crate) fn send(&mut self, request: Request) {
        assert_eq!(self.channel.send(&[request]), Ok(1));
    }

    /// The results that came, by id.
    pub(crate) fn results(&mut self) -> Vec<(u32, Result<(), BlockError>)> {
        let mut batch = [Completion::default(); 64];
        let count = self.channel.receive(&mut batch).unwrap_or(0);
        batch[..count].iter().map(|done| (done.id, done.result())).collect()
    }
}

/// Lets the disk complete this number of requests.
pub(crate) fn step(server: &mut BlockServer<StepDisk>, count: usize) {
    server.backend.allowed = count;
    server.notified(NEWS);
    server.backend.allowed = 0;
}
