//! Bits that flip in the rings while they are in use.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use block::{Attached, Bits, BlockClient, BlockError, Door, DriverDoor, Operation};
use common::{Platter, SECTORS, door};
use queue::Offer;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use sys::{Mapping, Memory, Notification, Protection, Rights};

const UNIT: usize = 512;

/// The rings of the present attachment, for the one that damages them.
type Rings = Arc<Mutex<Option<Mapping>>>;

/// A door that keeps a mapping of the rings.
struct Spied(DriverDoor, Rings);

impl Door for Spied {
    fn attach(
        &self,
        pool: &Memory,
        bell: &Notification,
        bits: Bits,
        units: u16,
    ) -> Result<(Offer, Attached), BlockError> {
        let (offer, attached) = self.0.attach(pool, bell, bits, units)?;
        let [memory, bell, life, other] = offer.into_handles();
        let rings = Memory::from(memory.copy(Rights::READ | Rights::WRITE).unwrap());
        let rings = rings.map_own(Protection::ReadWrite).unwrap();
        *self.1.lock().unwrap() = Some(rings);
        Ok((Offer::from_handles([memory, bell, life, other]), attached))
    }
}

/// Flips a bit of the rings.
fn flip(rings: &Rings, random: &mut fastrand::Rng) {
    let rings = rings.lock().unwrap();
    let Some(rings) = &*rings else { return };
    // The words of both sides half of the times, else the slots.
    let at = if random.bool() { random.usize(0..72) * 4 } else { random.usize(72..512) * 4 };
    let word = rings.shared().u32_at(at).unwrap();
    let value = word.load(Ordering::SeqCst);
    word.store(value ^ 1 << random.u32(..32), Ordering::SeqCst);
}

/// Writes and reads back; after each request a bit may flip. Every byte is right in the end, and
/// every request ends.
#[test]
fn flipped_bits_in_the_rings_lose_nothing() {
    let seeds = if cfg!(miri) { 0..1 } else { 0..60 };
    let mut recovered = 0;
    for seed in seeds {
        recovered += testkit::run(|system| {
            let driver = Platter::new().driver(system);
            let client = driver.client("load", move |endpoint| {
                let rings = Rings::default();
                let way = Spied(door(endpoint, 1), rings.clone());
                let mut disk = BlockClient::attach(way, 4, 8).unwrap();
                let mut random = fastrand::Rng::with_seed(seed);
                for round in 0..40_u8 {
                    let lba = random.u64(..SECTORS as u64 - 4);
                    let part = disk.pool().take(4).unwrap();
                    disk.pool().write(&part, &[round; 4 * UNIT]).unwrap();
                    disk.start(Operation::Write, lba, &part).unwrap();
                    flip(&rings, &mut random);
                    let (_, result) = disk.finish().unwrap();
                    assert_eq!(result, Ok(()), "seed {seed}, round {round}");
                    disk.pool().give_back(part);
                    flip(&rings, &mut random);
                    let mut back = [0; 4 * UNIT];
                    disk.read(lba, &mut back).unwrap();
                    assert_eq!(back, [round; 4 * UNIT], "seed {seed}, round {round}");
                }
                disk.take_recoveries().len()
            });
            client.join()
        });
    }
    assert!(recovered > 0, "no damage was noticed");
}

/// The same by another thread, at any moment of a write and a read: one bit for each round, since
/// damage without a pause would leave the driver's next lives no time to work.
#[test]
fn a_thread_that_damages_the_rings_does_no_more() {
    testkit::run(|system| {
        let driver = Platter::new().driver(system);
        let client = driver.client("load", move |endpoint| {
            let rings = Rings::default();
            let way = Spied(door(endpoint, 1), rings.clone());
            let mut disk = BlockClient::attach(way, 4, 8).unwrap();
            let (begin, begun) = channel();
            let (end, ended) = channel();
            let attacker = std::thread::spawn(move || {
                let mut random = fastrand::Rng::with_seed(1);
                for () in begun {
                    for _ in 0..random.u32(..10_000) {
                        std::hint::spin_loop();
                    }
                    flip(&rings, &mut random);
                    end.send(()).unwrap();
                }
            });
            for round in 0..200_u8 {
                begin.send(()).unwrap();
                assert_eq!(disk.write(u64::from(round), &[round; UNIT]), Ok(()), "round {round}");
                let mut back = [0; UNIT];
                assert_eq!(disk.read(u64::from(round), &mut back), Ok(()), "round {round}");
                assert_eq!(back, [round; UNIT]);
                sys::host::away(|| ended.recv()).unwrap();
            }
            drop(begin);
            sys::host::away(|| attacker.join()).unwrap();
            assert!(!disk.take_recoveries().is_empty(), "no damage was noticed");
        });
        client.join();
    });
}
