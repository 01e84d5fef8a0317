//! Clients over deaths of their driver.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::cast_possible_truncation, reason = "small numbers")]

mod common;

use block::{BlockClient, BlockError, Operation};
use common::{Platter, SECTORS, attach, door, keep_alive};

const UNIT: usize = 512;

/// What a sector holds: its number and version in each word.
fn content(lba: u64, version: u64) -> Vec<u8> {
    let word = (lba << 32 | version).to_le_bytes();
    word.iter().copied().cycle().take(UNIT).collect()
}

#[test]
fn sectors_are_written_read_and_discarded() {
    testkit::run(|system| {
        let platter = Platter::new();
        let driver = platter.driver(system);
        let client = driver.client("tool", |endpoint| {
            let mut disk = attach(endpoint, 1);
            assert_eq!(disk.identity().sectors, SECTORS as u64);
            // More than the pool, and more than a request may have.
            let bytes: Vec<u8> = (0..100).flat_map(|lba| content(lba, 1)).collect();
            disk.write(3, &bytes).unwrap();
            let mut back = vec![0; bytes.len()];
            disk.read(3, &mut back).unwrap();
            assert_eq!(back, bytes);
            disk.flush().unwrap();
            disk.discard(3, 2).unwrap();
            disk.read(3, &mut back[..1024]).unwrap();
            assert_eq!(back[..1024], [0xdd; 1024]);
            assert_eq!(disk.read(510, &mut back[..1536]), Err(BlockError::OutOfRange));
            assert_eq!(disk.read(0, &mut back[..100]), Err(BlockError::BadBuffer));
            bytes
        });
        let bytes = client.join();
        assert_eq!(platter.state().durable[3 * UNIT..][..bytes.len()], bytes);
    });
}

#[test]
fn a_bad_sector_is_the_error_of_its_request_alone() {
    testkit::run(|system| {
        let platter = Platter::new();
        platter.state().bad = Some(7);
        let driver = platter.driver(system);
        let client = driver.client("tool", |endpoint| {
            let mut disk = attach(endpoint, 1);
            let mut sector = [0; UNIT];
            (disk.read(7, &mut sector), disk.read(8, &mut sector))
        });
        assert_eq!(client.join(), (Err(BlockError::Device), Ok(())));
    });
}

/// Keeps eight requests in flight that write and read back all sectors, in an order that a seed
/// says. Returns the number of recoveries.
fn workload(disk: &mut BlockClient, seed: u64, rounds: usize) -> usize {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut versions = [0_u64; SECTORS];
    let mut busy = [false; SECTORS];
    let mut flights = Vec::new();
    let (mut begun, mut ended) = (0, 0);
    while ended < rounds {
        while begun < rounds && flights.len() < 8 {
            let lba = random.u64(..SECTORS as u64);
            if std::mem::replace(&mut busy[lba as usize], true) {
                busy[lba as usize] = true;
                continue;
            }
            let part = disk.pool().take(1).unwrap();
            let operation = if random.bool() { Operation::Write } else { Operation::Read };
            if operation == Operation::Write {
                versions[lba as usize] += 1;
                disk.pool().write(&part, &content(lba, versions[lba as usize])).unwrap();
            } else {
                disk.pool().write(&part, &[0x55; UNIT]).unwrap();
            }
            let ticket = disk.start(operation, lba, &part).unwrap();
            flights.push((ticket, operation, lba, part));
            begun += 1;
        }
        let (ticket, result) = disk.finish().unwrap();
        assert_eq!(result, Ok(()));
        let place = flights.iter().position(|flight| flight.0 == ticket).unwrap();
        let (_, operation, lba, part) = flights.swap_remove(place);
        let version = versions[lba as usize];
        if operation == Operation::Read && version > 0 {
            let mut sector = [0; UNIT];
            disk.pool().read(&part, &mut sector).unwrap();
            assert_eq!(sector.as_slice(), content(lba, version), "sector {lba}");
        }
        disk.pool().give_back(part);
        busy[lba as usize] = false;
        ended += 1;
    }
    assert_eq!(disk.finish(), None);
    disk.take_recoveries().len()
}

#[test]
fn many_requests_at_a_time_end_right() {
    testkit::run(|system| {
        let driver = Platter::new().driver(system);
        let client = driver.client("load", |endpoint| workload(&mut attach(endpoint, 1), 1, 3000));
        assert_eq!(client.join(), 0);
    });
}

/// The driver dies with each request of the first 40 in turn, half of the times after the request
/// was done. Nothing is lost and no byte is wrong.
#[test]
fn a_death_at_any_request_loses_nothing() {
    for die_after in 0..40 {
        testkit::run(|system| {
            let platter = Platter::new();
            let driver = platter.driver(system);
            platter.state().die_after = Some(die_after);
            let client = driver.client("load", move |endpoint| {
                let mut disk = attach(endpoint, 1);
                workload(&mut disk, die_after as u64, 60)
            });
            assert_eq!(keep_alive(&driver, &client), 1);
            assert_eq!(client.join(), 1, "one recovery is told");
        });
    }
}

#[test]
fn kills_at_any_time_lose_nothing() {
    testkit::run(|system| {
        let driver = Platter::new().driver(system);
        let clients = [1, 2, 3].map(|owner| {
            driver.client("load", move |endpoint| {
                let mut disk = attach(endpoint, owner);
                // Each client has a part of the disk of its own.
                for round in 0..20 {
                    sys::sleep_for(100_000 * owner);
                    let lba = owner * 100 + round;
                    let sector = content(lba, round);
                    disk.write(lba, &sector).unwrap();
                    let mut back = [0; UNIT];
                    disk.read(lba, &mut back).unwrap();
                    assert_eq!(back.as_slice(), sector);
                }
            })
        });
        while clients.iter().any(testkit::Client::is_alive) {
            driver.restart();
            sys::sleep_for(1_000_000);
        }
        clients.into_iter().for_each(testkit::Client::join);
    });
}

#[test]
fn a_driver_that_never_comes_back_is_an_error_in_the_end() {
    testkit::run(|system| {
        let driver = Platter::new().driver(system);
        let client = driver.client("tool", |endpoint| {
            let mut disk = BlockClient::attach(door(endpoint, 1), 4, 8).unwrap();
            disk.write(1, &content(1, 1)).unwrap();
            sys::sleep_for(10_000_000);
            (disk.read(1, &mut [0; UNIT]), disk.flush())
        });
        system.settle();
        driver.kill();
        // The first one was in the ring of a driver that is dead.
        assert_eq!(client.join(), (Err(BlockError::Unknown), Err(BlockError::NoDriver)));
    });
}

/// What a flush says after a death that cost, or did not cost, completed writes.
fn flush_after(change: impl FnOnce(&Platter)) -> (Result<(), BlockError>, Result<(), BlockError>) {
    testkit::run(|system| {
        let platter = Platter::new();
        let driver = platter.driver(system);
        let client = driver.client("tool", |endpoint| {
            let mut disk = attach(endpoint, 1);
            disk.write(1, &content(1, 1)).unwrap();
            disk.flush().unwrap();
            disk.write(1, &content(1, 2)).unwrap();
            sys::sleep_for(10_000_000);
            (disk.flush(), disk.flush())
        });
        system.settle();
        driver.kill();
        change(&platter);
        driver.restart();
        client.join()
    })
}

#[test]
fn a_flush_holds_over_a_death_or_says_that_it_does_not() {
    assert_eq!(flush_after(|_| ()), (Ok(()), Ok(())));
    let lost = flush_after(|platter| {
        let state = &mut *platter.state();
        state.bytes.clone_from(&state.durable);
        state.generation += 1;
    });
    assert_eq!(lost, (Err(BlockError::WritesLost), Ok(())), "told once");
}

#[test]
fn another_disk_in_the_slot_is_an_error() {
    let changed = flush_after(|platter| platter.state().serial = "two".into());
    assert_eq!(changed, (Err(BlockError::Changed), Err(BlockError::Changed)));
}

/// A client that dies with requests in flight leaves its driver and the others as they were.
#[test]
fn a_client_that_dies_in_the_middle_harms_no_other() {
    testkit::run(|system| {
        let driver = Platter::new().driver(system);
        let doomed = driver.client("doomed", |endpoint| {
            let mut disk = attach(endpoint, 1);
            loop {
                workload(&mut disk, 5, 100);
            }
        });
        let honest = driver.client("honest", |endpoint| {
            let mut disk = attach(endpoint, 2);
            for round in 0..50 {
                sys::sleep_for(1000);
                let mut sector = [1; UNIT];
                disk.read(round, &mut sector).unwrap();
            }
        });
        std::thread::sleep(std::time::Duration::from_millis(5));
        doomed.kill();
        honest.join();
        let again = driver.client("again", |endpoint| {
            let attached = (0..4).map(|_| {
                BlockClient::attach(door(endpoint.copy(sys::Rights::ALL).unwrap(), 1), 4, 8)
            });
            attached.collect::<Result<Vec<_>, _>>().map(|disks| disks.len())
        });
        assert_eq!(again.join(), Ok(4), "all places of its owner are free again");
    });
}
