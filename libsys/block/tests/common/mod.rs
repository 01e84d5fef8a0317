//! A disk that outlives its driver, and the ways in which it and its driver fail.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use block::{
    Backend, BlockClient, BlockDriverClient, BlockError, Completed, DeviceRequest, DriverDoor,
    Identity, Operation, SECTOR_BYTES, Submitted,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use sys::{DeviceAddress, Endpoint, Mapping, Memory, Protection};
use testkit::{Client, Server, System};

const UNIT: usize = SECTOR_BYTES as usize;
/// Sectors of the disk.
pub const SECTORS: usize = 512;

/// What holds the data. Its copies are the same one.
#[derive(Clone)]
pub struct Platter(Arc<Mutex<State>>);

pub struct State {
    pub bytes: Vec<u8>,
    /// What a loss of power leaves.
    pub durable: Vec<u8>,
    pub generation: u64,
    pub serial: String,
    /// Requests that are done before the driver dies with the next one: none, not at all.
    pub die_after: Option<usize>,
    /// All requests that were done, in this order.
    pub log: Vec<DeviceRequest>,
    /// Sectors that cannot be read.
    pub bad: Option<u64>,
    /// Whether the disk completes nothing for now.
    pub hold: bool,
}

impl Platter {
    pub fn new() -> Self {
        let bytes = vec![0; SECTORS * UNIT];
        let (durable, serial) = (bytes.clone(), "one".into());
        let (die_after, log, bad) = (None, Vec::new(), None);
        let state =
            State { bytes, durable, generation: 0, serial, die_after, log, bad, hold: false };
        Self(Arc::new(Mutex::new(state)))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A driver of this disk.
    pub fn driver<'a>(&self, system: &'a System) -> Server<'a> {
        let platter = self.clone();
        system.serve("disk", move |env| {
            let executor = executor::Executor::new()?;
            block::serve(&executor, env.handle("endpoint")?, FakeDisk::new(platter.clone()))?;
            Ok(())
        })
    }
}

/// The way to all of a driver's disk, as soon as there is a driver.
pub fn door(endpoint: Endpoint, owner: u64) -> DriverDoor {
    loop {
        let driver = BlockDriverClient::from_endpoint(endpoint.copy(sys::Rights::ALL).unwrap());
        if let Ok(door) = DriverDoor::whole(driver, owner) {
            return door;
        }
    }
}

/// A client that waits for its driver as long as the test's clock needs: that runs on while a
/// driver is killed and started again.
pub fn attach(endpoint: Endpoint, owner: u64) -> BlockClient {
    loop {
        let endpoint = endpoint.copy(sys::Rights::ALL).unwrap();
        if let Ok(client) = BlockClient::attach(door(endpoint, owner), 4, 8) {
            return client.with_patience(24 * 3_600_000_000_000);
        }
    }
}

/// Starts the driver again whenever it is dead, until the client has ended: how often.
pub fn keep_alive<T: Send + 'static>(driver: &Server<'_>, client: &Client<T>) -> u32 {
    let mut lives = 0;
    while client.is_alive() {
        if !driver.is_alive() {
            driver.restart();
            lives += 1;
        }
        sys::sleep_for(200_000);
    }
    lives
}

pub struct FakeDisk {
    platter: Platter,
    pools: BTreeMap<u64, Mapping>,
    next_pool: u64,
    queue: VecDeque<DeviceRequest>,
}

impl FakeDisk {
    pub fn new(platter: Platter) -> Self {
        Self { platter, pools: BTreeMap::new(), next_pool: 1, queue: VecDeque::new() }
    }

    fn run(&mut self, request: &DeviceRequest) -> Result<(), BlockError> {
        let state = &mut *self.platter.state();
        state.log.push(*request);
        let at = request.lba as usize * UNIT;
        let bytes = &mut state.bytes[at..at + request.sectors as usize * UNIT];
        let pool = self.pools.get(&(request.address.0 >> 32));
        let offset = (request.address.0 & 0xffff_ffff) as usize;
        match request.operation {
            Operation::Read if state.bad == Some(request.lba) => return Err(BlockError::Device),
            Operation::Read => pool.unwrap().write_at(offset, bytes)?,
            Operation::Write => pool.unwrap().read_at(offset, bytes)?,
            Operation::Discard => bytes.fill(0xdd),
            Operation::Flush => state.durable.clone_from(&state.bytes),
        }
        Ok(())
    }
}

impl Backend for FakeDisk {
    fn identity(&self) -> Identity {
        let state = self.platter.state();
        Identity {
            serial: state.serial.clone(),
            generation: state.generation,
            sectors: SECTORS as u64,
            alignment: 1,
            max_sectors: 32,
            depth: 8,
            discard: true,
            ..Identity::default()
        }
    }
    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, BlockError> {
        let number = self.next_pool;
        self.next_pool += 1;
        self.pools.insert(number, pool.map_part(0, pages, Protection::ReadWrite)?);
        Ok(DeviceAddress(number << 32))
    }
    fn unmap_pool(&mut self, pool: DeviceAddress, _: u64) {
        self.pools.remove(&(pool.0 >> 32));
    }
    fn submit(&mut self, request: &DeviceRequest) -> Submitted {
        self.queue.push_back(*request);
        Submitted::Accepted
    }
    fn kick(&mut self) {}
    fn complete(&mut self) -> Option<Completed> {
        if self.platter.state().hold {
            return None;
        }
        let request = self.queue.pop_front()?;
        let dies = self.platter.state().die_after == Some(0);
        if dies {
            self.platter.state().die_after = None;
            // Half of them die after it was done and before that was told.
            if request.tag % 2 == 0 {
                let _ = self.run(&request);
            }
            panic!("as the test wants it");
        }
        if let Some(left) = &mut self.platter.state().die_after {
            *left -= 1;
        }
        Some(Completed { tag: request.tag, result: self.run(&request) })
    }
}
