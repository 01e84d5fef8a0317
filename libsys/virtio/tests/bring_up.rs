//! The transport on a fake device: how it comes up, and what keeps it from that.
#![forbid(unsafe_code)]

mod common;

use common::{areas, entropy};
use dma::{Fault, Ring};
use std::rc::Rc;
use testkit::device::{Bus, Entropy, Setup, Virtio};
use virtio::{Area, Features, PosternTransport, VirtioError, negotiate};
use virtio_drivers::transport::{DeviceStatus, DeviceType, Transport};

#[test]
fn a_device_comes_up_by_the_book() {
    let (bus, device) = entropy(Setup::default());
    let (mut transport, _ring, _pool) = common::up(&bus, &device).unwrap();
    let up = DeviceStatus::ACKNOWLEDGE
        | DeviceStatus::DRIVER
        | DeviceStatus::FEATURES_OK
        | DeviceStatus::DRIVER_OK;
    assert_eq!(transport.get_status(), up);
    assert!(transport.queue_used(0));
    assert_eq!(device.violations(), Vec::<String>::new());
    assert_eq!(bus.faults(), []);
}

/// It is what another life of the driver finds when the device was not reset.
#[test]
fn a_device_that_was_left_as_it_was_comes_up_again() {
    let (bus, device) = entropy(Setup::default());
    drop(common::up(&bus, &device).unwrap());
    let (mut transport, mut ring, pool) = common::up(&bus, &device).unwrap();
    common::ask(&mut ring, &mut transport, pool.take(8).unwrap());
    assert_eq!(ring.complete().unwrap().unwrap().written, 8);
    assert_eq!(device.violations(), Vec::<String>::new());
}

#[test]
fn what_keeps_a_device_from_working_has_a_name() {
    let common = Setup::default();
    let refused = |setup| {
        let (bus, device) = entropy(setup);
        common::up(&bus, &device).map(|_| ()).unwrap_err()
    };
    let of_device = [
        (Setup { features: 1 << 28, ..common }, VirtioError::Legacy),
        (Setup { takes_features: false, ..common }, VirtioError::FeaturesRefused),
        (Setup { resets: false, ..common }, VirtioError::NoReset),
        (Setup { vectors: 0, ..common }, VirtioError::NoVector),
        (Setup { doorbell: 0xffff, ..common }, VirtioError::NoStructure),
    ];
    for (setup, error) in of_device {
        assert_eq!(refused(setup), common::Trouble::Device(error), "{setup:?}");
    }
    for queue_size in [0, 4] {
        let setup = Setup { queue_size, ..common };
        assert_eq!(refused(setup), common::Trouble::Queue(Fault::NoQueue));
    }
}

#[test]
fn the_pool_is_all_that_a_queue_can_use() {
    let (bus, device) = entropy(Setup::default());
    let pool = dma::Pool::open(&bus, 1).unwrap();
    pool.take_pages(1).unwrap();
    let mut transport = PosternTransport::new(areas(&device), DeviceType::EntropySource, 0);
    negotiate(&mut transport, Features::empty()).unwrap();
    let made = Ring::<8>::new(&mut transport, 0).map(|_| ());
    assert_eq!(made, Err(Fault::NoMemory));
}

#[test]
fn a_pool_must_lie_together() {
    let bus = Bus::default();
    bus.fragment(3);
    assert_eq!(dma::Pool::open(&bus, 4).map(|_| ()), Err(sys::Error::OutOfMemory));
    assert_eq!(bus.mappings(), 0);
}

#[test]
fn a_structure_outside_of_the_registers_is_refused() {
    let device = Rc::new(Virtio::new(&Bus::default(), Entropy::default(), Setup::default()));
    let area = |offset, bytes| Area::new(device.clone(), offset, bytes).map(|area| area.bytes());
    assert_eq!(area(0x3000, 0x1000), Ok(0x1000));
    for (offset, bytes) in [(0x3000, 0x1001), (0x4000, 1), (usize::MAX, 2)] {
        assert_eq!(area(offset, bytes), Err(VirtioError::NoStructure));
    }
    // A common configuration that ends too early is seen at the first register beyond it.
    let mut areas = areas(&device);
    areas.common = Area::new(device.clone(), 0, 0x10).unwrap();
    let mut transport = PosternTransport::new(areas, DeviceType::EntropySource, 0);
    assert_eq!(negotiate(&mut transport, Features::empty()), Err(VirtioError::NoStructure));
}
