//! The whole driver with real clients, through its deaths.

use super::{Bytes, numbered, up};
use crate::Disk;
use block::{
    Backend, BlockClient, BlockDriverClient, BlockError, Completed, DeviceRequest, DriverDoor,
    INTERRUPT, Identity, Submitted,
};
use executor::Executor;
use std::sync::atomic::{AtomicUsize, Ordering};
use sys::{DeviceAddress, Memory, Notification, Rights};
use testkit::device::{Bus, Nvme, NvmeMischief};
use testkit::{Server, System};

/// A controller that works at each doorbell.
struct Driven {
    disk: Disk<Bus>,
    device: Nvme,
}

impl Backend for Driven {
    fn identity(&self) -> Identity {
        self.disk.identity()
    }
    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, BlockError> {
        self.disk.map_pool(pool, pages)
    }
    fn unmap_pool(&mut self, pool: DeviceAddress, pages: u64) {
        self.disk.unmap_pool(pool, pages);
    }
    fn submit(&mut self, request: &DeviceRequest) -> Submitted {
        self.disk.submit(request)
    }
    fn kick(&mut self) {
        self.disk.kick();
        self.device.step();
    }
    fn complete(&mut self) -> Option<Completed> {
        self.disk.complete()
    }
}

/// A driver of one disk in all of its lives; the controller does this in the first one.
fn driver<'a>(system: &'a System, bytes: &Bytes, first: NvmeMischief) -> Server<'a> {
    let (bytes, lives) = (bytes.clone(), AtomicUsize::new(0));
    system.serve("nvme", move |env| {
        let bus = Bus::default();
        let device = Nvme::new(&bus, &bytes, 512)?;
        let disk = up(&device, &bus)?;
        if lives.fetch_add(1, Ordering::Relaxed) == 0 {
            device.set_mischief(first);
        }
        let bell = Notification::create()?;
        device.interrupt_to(bell.copy(Rights::ALL)?, INTERRUPT);
        let backend = Driven { disk, device };
        block::serve(&Executor::on(bell)?, env.handle("endpoint")?, backend)?;
        Ok(())
    })
}

fn client(endpoint: sys::Endpoint) -> BlockClient {
    let door = DriverDoor::whole(BlockDriverClient::from_endpoint(endpoint), 1).unwrap();
    // The test's clock runs while it waits for a death.
    BlockClient::attach(door, 32, 8).unwrap().with_patience(u64::MAX / 2)
}

/// The deaths that a client works on over.
const DEATHS: usize = 5;

#[test]
fn every_byte_is_right_while_the_driver_is_killed() {
    let bytes = numbered(512);
    let last = testkit::run(|system| {
        let driver = driver(system, &bytes, NvmeMischief::None);
        let client = driver.client("alice", |endpoint| {
            let mut client = client(endpoint);
            let (mut round, mut deaths) = (0_u64, 0);
            while deaths < DEATHS {
                round += 1;
                let content = [u8::try_from(round % 251).unwrap(); 1024];
                client.write(round % 256 * 2, &content).unwrap();
                let mut back = [0; 1024];
                client.read(round % 256 * 2, &mut back).unwrap();
                assert_eq!(back, content);
                client.flush().unwrap();
                deaths += client.take_recoveries().len();
                sys::sleep_for(100_000);
            }
            usize::try_from(round).unwrap()
        });
        while client.is_alive() {
            sys::sleep_for(1_500_000);
            driver.restart();
        }
        client.join()
    });
    let bytes = bytes.lock().unwrap();
    let place = last % 256 * 1024;
    assert!(bytes[place..place + 1024].iter().all(|byte| usize::from(*byte) == last % 251));
}

#[test]
fn a_hostile_controller_costs_the_client_a_restart_and_no_byte() {
    for lie in [NvmeMischief::Command(9), NvmeMischief::Silent] {
        let bytes = numbered(512);
        testkit::run(|system| {
            let driver = driver(system, &bytes, lie);
            let client = driver.client("alice", |endpoint| {
                let mut back = [0; 1024];
                client(endpoint).read(9, &mut back).unwrap();
                back
            });
            assert!(driver.wait().panic.unwrap().contains("the device"), "{lie:?}");
            driver.restart();
            let back = client.join();
            assert!(back[..512].iter().all(|byte| *byte == 9), "{lie:?}");
        });
    }
}
