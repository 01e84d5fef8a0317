//! Resets: each method, and devices that do not end theirs.

use super::fake::{EDU, Fake, NVME, VIRTIO, q35};
use crate::config::{command, register};
use crate::function::Function;
use crate::reset::{Method, Progress, QUARANTINE_NS, Reset, methods};
use pci_api::Slot;

const MS: u64 = 1_000_000;

/// Resets to the end: the last method, and the time it took.
fn reset(fake: &Fake, slot: Slot) -> (Method, u64) {
    let function = Function::read(fake, slot);
    let mut reset = Reset::begin(fake, &function);
    let mut now = 0;
    for _ in 0..100_000 {
        match reset.step(now, fake, fake, &function) {
            Progress::Wait(at) => {
                assert!(at > now);
                now = at;
            }
            Progress::Done(method) => return (method, now),
        }
    }
    panic!("it does not end")
}

#[test]
fn each_kind_of_device_has_its_methods() {
    let of = |slot| methods(&Function::read(&q35(), slot));
    assert_eq!(of(VIRTIO), [Method::Virtio, Method::Quarantine]);
    assert_eq!(of(NVME), [Method::Nvme, Method::Function, Method::Quarantine]);
    assert_eq!(of(EDU), [Method::Quarantine]);
}

#[test]
fn dma_ends_before_the_reset() {
    let fake = q35();
    fake.functions.borrow_mut().get_mut(&VIRTIO).unwrap().registers[1] |= command::BUS_MASTER;
    fake.set_word(0xfe00_0014, 0xf);
    fake.take_log();
    let function = Function::read(&fake, VIRTIO);
    fake.take_log();
    let mut reset = Reset::begin(&fake, &function);
    assert_eq!(fake.take_log(), ["00:04.0 DMA off"]);
    assert_eq!(reset.step(0, &fake, &fake, &function), Progress::Done(Method::Virtio));
    assert_eq!(fake.take_log(), ["0xfe000000+0x14 = 0x0"]);
    let command = fake.register(VIRTIO, register::COMMAND);
    assert_eq!(command & 0x407, command::MEMORY | command::LINE_OFF);
}

#[test]
fn a_virtio_device_that_hangs_is_put_into_quarantine() {
    let fake = q35();
    fake.set_word(0xfe00_0014, 0xf);
    fake.page(0xfe00_0000).stuck.set(Some(0x14));
    let (method, time) = reset(&fake, VIRTIO);
    assert_eq!(method, Method::Quarantine);
    assert!(time >= 100 * MS + QUARANTINE_NS);
}

#[test]
fn a_controller_is_disabled_and_waited_for() {
    let fake = q35();
    fake.set_word(0x8_0000_0014, 0x0046_0001);
    assert_eq!(reset(&fake, NVME), (Method::Nvme, 0));
    assert_eq!(fake.word(0x8_0000_0014), 0x0046_0000);
}

#[test]
fn a_controller_that_hangs_gets_a_function_reset() {
    let fake = q35();
    // Ready for ever; at most 2 units of 500 ms.
    fake.set_word(0x8_0000_001c, 1);
    fake.set_word(0x8_0000_0000, 2 << 24);
    fake.set_word(0x8_0000_0004, 0);
    let (method, time) = reset(&fake, NVME);
    assert_eq!(method, Method::Function);
    assert!((1100 * MS..1200 * MS).contains(&time), "{time}");
    let bar = fake.register(NVME, register::BARS + 4);
    assert_eq!(bar, 8, "the reset cleared it, and it is back");
    assert_eq!(fake.register(NVME, register::COMMAND) & 7, command::MEMORY);
}

#[test]
fn a_function_that_does_not_come_back_is_waited_for_no_longer() {
    let fake = q35();
    fake.set_word(0x8_0000_001c, 1);
    let function = Function::read(&fake, NVME);
    let mut reset = Reset::begin(&fake, &function);
    let _ = reset.step(0, &fake, &fake, &function);
    fake.functions.borrow_mut().remove(&NVME);
    fake.pages.borrow_mut().clear();
    fake.set_word(0x8_0000_001c, 1);
    let mut now = 0;
    let method = loop {
        match reset.step(now, &fake, &fake, &function) {
            Progress::Wait(at) => now = at,
            Progress::Done(method) => break method,
        }
    };
    assert!(now < 20_000 * MS, "{now}");
    assert_eq!(method, Method::Quarantine);
}

#[test]
fn edu_waits_without_dma() {
    assert_eq!(reset(&q35(), EDU), (Method::Quarantine, QUARANTINE_NS));
}
