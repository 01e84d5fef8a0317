//! A disk in memory: for tests of clients and of the server, and for trying things out.

use crate::{
    Backend, BlockError, Completed, DeviceRequest, Identity, Operation, SECTOR_BYTES, Submitted,
};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use sys::{DeviceAddress, Mapping, Memory, Protection};

/// Pools are this far apart in the addresses of the disk.
const POOL_SHIFT: u32 = 32;

/// A disk whose sectors are in memory of the driver. Its requests are done in the order in which
/// they came, when they are asked for.
#[derive(Debug)]
pub struct RamDisk {
    identity: Identity,
    bytes: Vec<u8>,
    pools: BTreeMap<u64, Mapping>,
    next_pool: u64,
    queue: VecDeque<DeviceRequest>,
}

impl RamDisk {
    /// Of this number of sectors, all zeros.
    #[must_use]
    pub fn new(sectors: u32) -> Self {
        let identity = Identity {
            model: String::from("ram"),
            sectors: sectors.into(),
            alignment: 1,
            max_sectors: 256,
            depth: 32,
            discard: true,
            ..Identity::default()
        };
        let bytes = alloc::vec![0; sectors as usize * SECTOR_BYTES as usize];
        Self { identity, bytes, pools: BTreeMap::new(), next_pool: 1, queue: VecDeque::new() }
    }

    /// What it says of itself, to be changed by a test.
    pub fn identity_mut(&mut self) -> &mut Identity {
        &mut self.identity
    }

    /// Its bytes.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn run(&mut self, request: &DeviceRequest) -> Result<(), BlockError> {
        let unit = SECTOR_BYTES as usize;
        let at = usize::try_from(request.lba).map_err(|_| BlockError::Device)? * unit;
        let end = at + request.sectors as usize * unit;
        let bytes = self.bytes.get_mut(at..end).ok_or(BlockError::Device)?;
        let pool = self.pools.get(&(request.address.0 >> POOL_SHIFT));
        let pool = pool.ok_or(BlockError::BadBuffer);
        let offset = usize::try_from(request.address.0 & ((1 << POOL_SHIFT) - 1)).unwrap_or(0);
        match request.operation {
            Operation::Read => pool?.write_at(offset, bytes)?,
            Operation::Write => pool?.read_at(offset, bytes)?,
            Operation::Discard => bytes.fill(0xdd),
            Operation::Flush => {}
        }
        Ok(())
    }
}

impl Backend for RamDisk {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, BlockError> {
        let mapping = pool.map_part(0, pages, Protection::ReadWrite)?;
        let number = self.next_pool;
        self.next_pool += 1;
        self.pools.insert(number, mapping);
        Ok(DeviceAddress(number << POOL_SHIFT))
    }

    fn unmap_pool(&mut self, pool: DeviceAddress, _: u64) {
        self.pools.remove(&(pool.0 >> POOL_SHIFT));
    }

    fn submit(&mut self, request: &DeviceRequest) -> Submitted {
        self.queue.push_back(*request);
        Submitted::Accepted
    }

    fn kick(&mut self) {}

    fn complete(&mut self) -> Option<Completed> {
        let request = self.queue.pop_front()?;
        Some(Completed { tag: request.tag, result: self.run(&request) })
    }
}
