//! The whole driver with real clients, through its deaths.

use super::{Fake, areas, numbered};
use crate::Disk;
use block::{BlockClient, BlockDriverClient, DriverDoor, INTERRUPT};
use executor::Executor;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use sys::{Notification, Rights};
use testkit::device::{self, Bus, Mischief, Setup, Virtio};
use testkit::{Server, System};

const SECTORS: usize = 512;

type Bytes = Arc<Mutex<Vec<u8>>>;

/// A driver of one disk in all of its lives, in each of which the device does this.
fn driver<'a>(
    system: &'a System,
    bytes: &Bytes,
    mischief: impl Fn(usize) -> Mischief + Send + Sync + 'static,
) -> Server<'a> {
    let (bytes, lives) = (bytes.clone(), AtomicUsize::new(0));
    system.serve("virtio-blk", move |env| {
        let bus = Bus::default();
        let device: Rc<Fake> =
            Rc::new(Virtio::new(&bus, device::Disk::over(&bytes), Setup::default()));
        device.set_mischief(mischief(lives.fetch_add(1, Ordering::Relaxed)));
        let bell = Notification::create()?;
        device.interrupt_to(bell.copy(Rights::ALL)?, INTERRUPT);
        let disk = Disk::open(areas(&device), bus)?;
        block::serve(&Executor::on(bell)?, env.handle("endpoint")?, disk)?;
        Ok(())
    })
}

fn client(endpoint: sys::Endpoint) -> BlockClient {
    let door = DriverDoor::whole(BlockDriverClient::from_endpoint(endpoint), 1).unwrap();
    // The test's clock runs while it waits for a death.
    BlockClient::attach(door, 32, 8).unwrap().with_patience(u64::MAX / 2)
}

/// What a sector holds in a round.
fn content(sector: usize, round: usize) -> Vec<u8> {
    (0..512).map(|place| u8::try_from((sector * 7 + round * 13 + place) % 251).unwrap()).collect()
}

#[test]
fn every_byte_is_right_while_the_driver_is_killed() {
    let bytes = numbered(SECTORS).bytes;
    let last = testkit::run(|system| {
        let driver = driver(system, &bytes, |_| Mischief::None);
        let client = driver.client("alice", |endpoint| {
            let mut client = client(endpoint);
            let (mut round, mut deaths) = (0, 0);
            while deaths < DEATHS {
                round += 1;
                for sector in sectors(round) {
                    client.write(sector as u64, &content(sector, round)).unwrap();
                    let mut back = [0; 512];
                    client.read(sector as u64, &mut back).unwrap();
                    assert_eq!(back[..], content(sector, round));
                }
                client.flush().unwrap();
                deaths += client.take_recoveries().len();
                sys::sleep_for(1_000_000);
            }
            round
        });
        while client.is_alive() {
            sys::sleep_for(1_500_000);
            driver.restart();
        }
        client.join()
    });
    let written = bytes.lock().unwrap();
    for sector in sectors(last) {
        assert_eq!(written[sector * 512..(sector + 1) * 512], content(sector, last));
    }
}

/// The deaths that a client works on over.
const DEATHS: usize = 5;

/// The sectors that are written in a round.
fn sectors(round: usize) -> impl Iterator<Item = usize> {
    (0..64).map(move |step| step * 8 + round % 8)
}

/// Each first life has a device that lies; the next one is good.
#[test]
fn a_hostile_device_costs_the_client_a_restart_and_no_byte() {
    let lies = [Mischief::Length(u32::MAX), Mischief::Id(64), Mischief::Idle, Mischief::Silent];
    for lie in lies {
        let bytes = numbered(SECTORS).bytes;
        testkit::run(|system| {
            let lies = move |life| if life == 0 { lie } else { Mischief::None };
            let driver = driver(system, &bytes, lies);
            let client = driver.client("alice", |endpoint| {
                let mut back = [0; 1024];
                client(endpoint).read(9, &mut back).unwrap();
                back
            });
            assert!(driver.wait().panic.unwrap().contains("the device"), "{lie:?}");
            driver.restart();
            let back = client.join();
            assert!(back[..512].iter().all(|byte| *byte == 9), "{lie:?}");
            assert!(back[512..].iter().all(|byte| *byte == 10), "{lie:?}");
        });
    }
}
