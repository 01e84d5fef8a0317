//! Vectors: what is written where, and storms.

use super::fake::{EDU, Fake, NVME, VIRTIO, q35};
use crate::function::Function;
use crate::platform::Platform;
use crate::scan::scan;
use crate::vectors::{STORM, Vectors};
use crate::windows::alone;
use pci_api::Slot;
use sys::Notification;

/// The vectors of a function of the machine.
fn vectors(fake: &Fake, slot: Slot, most: u16) -> Vectors {
    let all = scan(fake);
    let function: &Function = all.iter().find(|it| it.slot == slot).unwrap();
    Vectors::new(fake, fake, function, &alone(function, &all, fake), most)
}

fn set(fake: &Fake, vectors: &mut Vectors, number: u16) {
    let bell = Notification::create().unwrap();
    let (interrupt, message) = fake.message(&bell, 1).unwrap();
    vectors.set(fake, number, interrupt, message).unwrap();
}

#[test]
fn there_are_as_many_as_device_and_manifest_allow() {
    let fake = q35();
    for (slot, most, count) in [(VIRTIO, 9, 2), (VIRTIO, 1, 1), (NVME, 99, 65), (EDU, 9, 1)] {
        assert_eq!(vectors(&fake, slot, most).count(), count, "{slot}");
    }
    assert_eq!(vectors(&fake, Slot::new(0, 31, 2), 9).count(), 0, "it has a line only");
}

#[test]
fn a_table_outside_of_its_bar_gives_none() {
    let fake = q35();
    fake.functions.borrow_mut().get_mut(&NVME).unwrap().set(0x9c, 0x3ff8, 0);
    assert_eq!(vectors(&fake, NVME, 9).count(), 0);
}

#[test]
fn an_entry_is_masked_while_it_is_written() {
    let fake = q35();
    let mut vectors = vectors(&fake, VIRTIO, 2);
    fake.take_log();
    set(&fake, &mut vectors, 1);
    let expected = [
        "0xfebd0000+0x1c = 0x1",
        "0xfebd0000+0x10 = 0xfee00000",
        "0xfebd0000+0x14 = 0x0",
        "0xfebd0000+0x18 = 0x51",
        "0xfebd0000+0x1c = 0x0",
    ];
    assert_eq!(fake.take_log(), expected);
    assert_eq!(fake.register(VIRTIO, 0x98) >> 30, 0b10, "on, and not masked as a whole");
    vectors.stop(&fake);
    assert_eq!(fake.word(0xfebd_001c), 1);
    assert_eq!(fake.register(VIRTIO, 0x98) >> 31, 0);
}

#[test]
fn a_message_is_in_the_capability() {
    let fake = q35();
    let mut vectors = vectors(&fake, EDU, 1);
    set(&fake, &mut vectors, 0);
    assert_eq!(fake.register(EDU, 0x44), 0xfee0_0000);
    assert_eq!(fake.register(EDU, 0x4c), 0x51);
    assert_eq!(fake.register(EDU, 0x40) & 1 << 16, 1 << 16);
    vectors.stop(&fake);
    assert_eq!(fake.register(EDU, 0x40) & 1 << 16, 0);
}

#[test]
fn a_storm_is_masked_until_the_driver_acknowledges() {
    let fake = q35();
    let mut vectors = vectors(&fake, VIRTIO, 2);
    set(&fake, &mut vectors, 0);
    fake.unacknowledged.set(STORM);
    assert_eq!(vectors.check_storms(&fake), 0);
    fake.unacknowledged.set(STORM + 1);
    assert_eq!(vectors.check_storms(&fake), 1);
    assert_eq!((fake.word(0xfebd_000c), vectors.masked(), vectors.storms()), (1, 1, 1));
    assert_eq!(vectors.check_storms(&fake), 0, "it is masked already");
    fake.unacknowledged.set(0);
    assert_eq!(vectors.check_storms(&fake), 0);
    assert_eq!((fake.word(0xfebd_000c), vectors.masked(), vectors.storms()), (0, 0, 1));
}

#[test]
fn vectors_come_back_after_a_reset() {
    let fake = q35();
    let mut vectors = vectors(&fake, VIRTIO, 2);
    set(&fake, &mut vectors, 0);
    fake.set_word(0xfebd_0008, 0);
    fake.functions.borrow_mut().get_mut(&VIRTIO).unwrap().registers[0x98 / 4] &= 0x3fff_ffff;
    vectors.restore(&fake).unwrap();
    assert_eq!((fake.word(0xfebd_0008), fake.register(VIRTIO, 0x98) >> 31), (0x51, 1));
}
