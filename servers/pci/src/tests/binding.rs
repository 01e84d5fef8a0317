//! Which driver gets which function.

use super::fake::{EDU, Fake, NVME, VIRTIO, q35, virtio};
use crate::bind::{bind, info};
use crate::scan::scan;
use manifest::DriverGrant;
use pci_api::{PciError, Slot, Window};

fn drivers(lines: &[&str]) -> Vec<DriverGrant> {
    lines.iter().map(|line| line.parse().unwrap()).collect()
}

/// The slots that drivers get.
fn bound(fake: &Fake, lines: &[&str]) -> Vec<Result<Slot, PciError>> {
    let functions = scan(fake);
    let bound = bind(&drivers(lines), &functions).into_iter();
    bound.map(|place| place.map(|place| functions[place].slot)).collect()
}

#[test]
fn a_device_is_found_by_id_class_or_slot() {
    let lines = ["1 a id=1af4:1001 id=1af4:1042", "2 b class=0108", "3 c slot=00:05.0"];
    assert_eq!(bound(&q35(), &lines), [Ok(VIRTIO), Ok(NVME), Ok(EDU)]);
}

#[test]
fn the_second_driver_takes_the_second_device() {
    let fake = q35();
    fake.add(Slot::new(0, 9, 0), &virtio(0xfd00_0000));
    let lines = ["1 a id=1af4:1042", "2 b id=1af4:1042", "3 c id=1af4:1042"];
    let owned = PciError::Owned { device: "1af4:1042".into(), driver: "a".into() };
    assert_eq!(bound(&fake, &lines), [Ok(VIRTIO), Ok(Slot::new(0, 9, 0)), Err(owned)]);
}

#[test]
fn what_is_not_there_is_named() {
    let lines =
        ["1 a id=1af4:1042 slot=00:05.0", "2 b class=0106 id=8086:0001", "3 c slot=00:00.0"];
    let none = |device: &str| Err(PciError::NoDevice { device: device.into() });
    let expected = [
        none("1af4:1042, slot 00:05.0"),
        none("8086:0001, class 0106"),
        none("slot 00:00.0"), // A host bridge.
    ];
    assert_eq!(bound(&q35(), &lines), expected);
}

#[test]
fn a_driver_is_told_what_it_was_granted() {
    let (fake, lines) = (q35(), drivers(&["1 a id=1af4:1042 bars=12 vectors=7 dma=9 trusted"]));
    let functions = scan(&fake);
    let place = bind(&lines, &functions)[0].clone().unwrap();
    let told = info(&lines[0], &functions[place], &functions, &fake);
    let bars: Vec<_> = told.bars.iter().map(|bar| (bar.number, bar.windows.clone())).collect();
    assert_eq!(bars, [(1, vec![]), (4, vec![Window { first_page: 0, pages: 4 }])]);
    assert_eq!((told.virtio.len(), told.dma_pages), (4, 9));
    // Without the BAR there is nothing of virtio, and without trust no DMA.
    let less = drivers(&["1 a id=1af4:1042 bars=02 dma=9"]);
    let told = info(&less[0], &functions[place], &functions, &fake);
    assert_eq!((told.bars.len(), told.virtio.len(), told.dma_pages), (1, 0, 0));
}
