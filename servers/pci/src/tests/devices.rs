//! The device of a driver over several sessions.

use super::fake::{EDU, Fake, VIRTIO, q35};
use crate::device::{Device, Machine};
use crate::reset::{Method, QUARANTINE_NS};
use crate::scan::scan;
use pci_api::{DriverState, PciError, Slot};
use service::Session;
use sys::Notification;

const MS: u64 = 1_000_000;

fn machine(fake: &Fake) -> Machine<'_> {
    Machine { config: fake, platform: fake }
}

fn device(fake: &Fake, slot: Slot) -> Device {
    let functions = scan(fake);
    let function = functions.iter().find(|it| it.slot == slot).unwrap();
    let line = format!("3 driver slot={slot} bars=3f vectors=2 dma=16 trusted");
    Device::new(machine(fake), &line.parse().unwrap(), function, &functions)
}

#[test]
fn a_device_whose_driver_has_no_dma_does_none() {
    let fake = q35();
    let functions = scan(&fake);
    let function = functions.iter().find(|it| it.slot == VIRTIO).unwrap();
    for grant in ["dma=0", "dma=16"] {
        let line = format!("3 driver slot={VIRTIO} bars=3f vectors=2 {grant}");
        let mut device = Device::new(machine(&fake), &line.parse().unwrap(), function, &functions);
        device.advance(machine(&fake), 0);
        device.open(Session::with_number(1)).unwrap();
        assert_eq!(device.bus_master(machine(&fake), true), Err(PciError::NoDma), "{grant}");
        assert!(!device.driver_info(&fake).bus_master);
        assert_eq!(device.bus_master(machine(&fake), false), Ok(()));
    }
}

fn state(fake: &Fake, device: &Device) -> DriverState {
    device.driver_info(fake).state
}

/// What happened, without the writes of single registers.
fn steps(fake: &Fake) -> Vec<String> {
    fake.take_log().into_iter().filter(|line| !line.contains("bd0000+")).collect()
}

#[test]
fn a_session_ends_in_order() {
    let fake = q35();
    let mut device = device(&fake, VIRTIO);
    assert_eq!(device.advance(machine(&fake), 0), None);
    assert_eq!(state(&fake, &device), DriverState::Ready);
    let session = Session::with_number(1);
    assert_eq!(device.open(session).unwrap().vectors, 2);
    let bell = Notification::create().unwrap();
    let _irq = device.vector(machine(&fake), 0, &bell, 1).unwrap();
    let _ = device.io_space(machine(&fake));
    device.bus_master(machine(&fake), true).unwrap();
    fake.mappings.set(2);
    fake.take_log();
    device.close(machine(&fake), 0);
    let log = fake.take_log();
    let place = |what: &str| log.iter().position(|line| line == what).unwrap();
    let order = [
        place("00:04.0 DMA off"),
        place("0xfebd0000+0xc = 0x1"),
        place("0xfe000000+0x14 = 0x0"),
        place("message 1 closed"),
        place("clear, 1 left"),
        place("clear, 0 left"),
    ];
    assert!(order.is_sorted(), "{log:#?}");
    assert_eq!(
        (device.last_reset(), state(&fake, &device)),
        (Some(Method::Virtio), DriverState::Ready)
    );
}

#[test]
fn frames_wait_until_the_quarantine_is_over() {
    let fake = q35();
    let mut device = device(&fake, EDU);
    assert_eq!(device.advance(machine(&fake), 0), Some(QUARANTINE_NS));
    assert_eq!(device.open(Session::with_number(1)), Err(PciError::NotReady));
    assert_eq!(device.advance(machine(&fake), QUARANTINE_NS), None);
    device.open(Session::with_number(1)).unwrap();
    let _ = device.io_space(machine(&fake));
    fake.mappings.set(1);
    fake.take_log();
    device.close(machine(&fake), 5000 * MS);
    assert_eq!(state(&fake, &device), DriverState::Quarantine);
    assert_eq!(device.advance(machine(&fake), 5999 * MS), Some(6000 * MS));
    assert!(steps(&fake).is_empty());
    assert_eq!(device.advance(machine(&fake), 6000 * MS), None);
    assert_eq!(steps(&fake), ["clear, 0 left"]);
}

#[test]
fn what_a_dead_server_left_is_cleared() {
    let fake = q35();
    fake.mappings.set(3);
    fake.managed.set(true);
    let mut device = device(&fake, VIRTIO);
    assert_eq!(device.advance(machine(&fake), 0), Some(10 * MS), "its driver is not gone yet");
    assert_eq!(state(&fake, &device), DriverState::Resetting);
    fake.managed.set(false);
    fake.take_log();
    assert_eq!(device.advance(machine(&fake), 10 * MS), None);
    let expected = [
        "space 0x20 of 16",
        "clear, 2 left",
        "clear, 1 left",
        "clear, 0 left",
        "space 0x20 of 16", // The next one is new, and not kept.
    ];
    assert_eq!(fake.take_log(), expected);
}

#[test]
fn a_driver_gets_what_it_was_granted_and_no_more() {
    let fake = q35();
    let mut device = device(&fake, VIRTIO);
    let _ = device.advance(machine(&fake), 0);
    device.open(Session::with_number(1)).unwrap();
    fake.take_log();
    let _ = device.window(machine(&fake), 4, 0).unwrap();
    let _ = device.window(machine(&fake), 4, 0).unwrap();
    assert_eq!(fake.take_log(), ["window 0xfe000000+4"], "made once");
    for (bar, window) in [(4, 1), (1, 0), (0, 0), (6, 0), (255, 255)] {
        let refused = device.window(machine(&fake), bar, window).unwrap_err();
        assert_eq!(refused, PciError::NoWindow { bar, window });
    }
    let bell = Notification::create().unwrap();
    let refused = device.vector(machine(&fake), 2, &bell, 1).unwrap_err();
    assert_eq!(refused, PciError::NoVector { vector: 2, vectors: 2 });
    assert!(fake.take_log().is_empty(), "nothing was made");
}

#[test]
fn a_session_is_for_one_driver_at_a_time() {
    let fake = q35();
    let mut device = device(&fake, VIRTIO);
    let _ = device.advance(machine(&fake), 0);
    let [first, second] = [1, 2].map(Session::with_number);
    device.open(first).unwrap();
    assert_eq!(device.open(second), Err(PciError::NotReady));
    assert!(device.is_open_for(Some(first)));
    assert!(!device.is_open_for(Some(second)) && !device.is_open_for(None));
}

#[test]
fn a_driver_that_hoards_interrupts_is_refused_some_time() {
    let fake = q35();
    let mut device = device(&fake, VIRTIO);
    let _ = device.advance(machine(&fake), 0);
    device.open(Session::with_number(1)).unwrap();
    let bell = Notification::create().unwrap();
    let mut last = Ok(());
    for _ in 0..=34 {
        // Lines stand for messages on the host: each is free again when its handle is dropped.
        fake.first_message();
        last = device.vector(machine(&fake), 0, &bell, 1).map(drop);
    }
    assert!(matches!(last, Err(PciError::Kernel { .. })), "{last:?}");
    device.close(machine(&fake), 0);
    device.open(Session::with_number(2)).unwrap();
    device.vector(machine(&fake), 0, &bell, 1).map(drop).unwrap();
}
