//! The driver on a fake device: what clients get, also from a hostile device.

use crate::{Device, INTERRUPT, serve};
use executor::Executor;
use service::CallError;
use std::rc::Rc;
use sys::{Notification, Rights};
use testkit::device::{Bus, Entropy, Mischief, Setup, Virtio};
use testkit::{Server, System};
use virtio::{Area, Areas};
use virtio_rng_api::{EntropyClient, EntropyError};

type Fake = Virtio<Entropy>;

fn areas(device: &Rc<Fake>) -> Areas<Fake> {
    let area = |offset| Area::new(device.clone(), offset, 0x1000).unwrap();
    let (common, notify) = (area(Fake::COMMON), area(Fake::NOTIFY));
    Areas { common, notify, multiplier: Fake::MULTIPLIER, device: None }
}

/// A driver of a device that gives at most this number of bytes at a time, and that does wrong
/// in the driver's first life only.
fn driver(system: &System, most: usize, mischief: Mischief) -> Server<'_> {
    let lives = std::sync::atomic::AtomicUsize::new(0);
    system.serve("virtio-rng", move |env| {
        let life = lives.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let bus = Bus::default();
        let model = Entropy { most, next: 0 };
        let device = Rc::new(Virtio::new(&bus, model, Setup::default()));
        device.set_mischief(if life == 0 { mischief } else { Mischief::None });
        let bell = Notification::create()?;
        device.interrupt_to(bell.copy(Rights::ALL)?, INTERRUPT);
        let source = Device::open(areas(&device), &bus)?;
        serve(&Executor::on(bell)?, env.handle("endpoint")?, source, || ())?;
        Ok(())
    })
}

/// What two clients get that ask for this number of bytes.
fn asked(most: usize, count: u16) -> [Result<Vec<u8>, CallError<EntropyError>>; 2] {
    testkit::run(|system| {
        let driver = driver(system, most, Mischief::None);
        let clients = ["alice", "bob"].map(|name| {
            driver.client(name, move |endpoint| EntropyClient::from_endpoint(endpoint).bytes(count))
        });
        clients.map(testkit::Client::join)
    })
}

#[test]
fn each_call_gets_bytes_of_its_own() {
    let [mut alice, mut bob] = asked(0, 3).map(Result::unwrap);
    assert_eq!((alice.len(), bob.len()), (3, 3));
    alice.append(&mut bob);
    alice.sort_unstable();
    assert_eq!(alice, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_device_may_give_fewer_bytes_at_a_time() {
    let [alice, bob] = asked(7, 200).map(Result::unwrap);
    assert_eq!((alice.len(), bob.len()), (200, 200));
}

#[test]
fn a_wrong_count_is_refused() {
    for count in [0, 257] {
        for result in asked(0, count) {
            assert_eq!(result, Err(CallError::Service(EntropyError::BadCount)));
        }
    }
}

#[test]
fn a_device_without_bytes_is_not_asked_for_ever() {
    testkit::run(|system| {
        let driver = driver(system, 0, Mischief::Length(0));
        let client = EntropyClient::from_endpoint(driver.endpoint(1));
        assert_eq!(client.bytes(8), Err(CallError::Service(EntropyError::Empty)));
    });
}

/// The driver ends, and its next life gives the client what it asked for.
#[test]
fn a_hostile_device_ends_the_driver_and_costs_the_client_nothing() {
    let wild = [
        Mischief::Length(9),
        Mischief::Length(u32::MAX),
        Mischief::Id(1),
        Mischief::Id(0xffff),
        Mischief::Silent,
    ];
    for mischief in wild {
        testkit::run(|system| {
            let driver = driver(system, 0, mischief);
            let client = driver.client("alice", |endpoint| {
                EntropyClient::from_endpoint(endpoint).bytes(8).unwrap()
            });
            let ended = driver.wait();
            assert!(ended.panic.unwrap().contains("the device"), "{mischief:?}");
            driver.restart();
            assert_eq!(client.join(), [1, 2, 3, 4, 5, 6, 7, 8], "{mischief:?}");
        });
    }
}

/// The answer to the first call is right; what the device says then is not for any call.
#[test]
fn what_comes_unasked_is_given_to_no_client() {
    for mischief in [Mischief::Twice, Mischief::Skip(1), Mischief::Skip(0xfffe)] {
        testkit::run(|system| {
            let driver = driver(system, 0, mischief);
            let client = EntropyClient::from_endpoint(driver.endpoint(1));
            assert_eq!(client.bytes(2), Ok(vec![1, 2]), "{mischief:?}");
            let later = driver.client("alice", |endpoint| {
                EntropyClient::from_endpoint(endpoint).bytes(2).unwrap()
            });
            assert!(driver.wait().panic.is_some());
            driver.restart();
            assert_eq!(later.join(), [1, 2], "of the next life");
        });
    }
}
