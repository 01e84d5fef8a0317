//! Interrupts by messages: who has a message, what it signals, when it is used again.

use super::invariants::check;
use super::kit::{ALL, CPU, balance, boot};
use crate::exit::Next;
use crate::hosted::{Driver, Hosted, Smp};
use crate::kernel::Sizes;
use crate::machine::{CpuId, Interrupt, Machine};
use abi::{Error, FOREVER, Rights, Syscall};
use std::collections::BTreeSet;

const RESOURCE: u64 = 1;
const MESSAGES: u8 = Hosted::MESSAGES;

/// A message for the bits, to CPU 0: its handle and what the device writes.
fn message(driver: &mut Driver, bell: u64, bits: u64) -> Result<(u64, u64), Error> {
    let made = driver.call(Syscall::MsiCreate, &[RESOURCE, 0, bell, bits]);
    made.map(|outcome| outcome.values)
}

/// The number of the message on its CPU, as the hosted machine makes the data.
fn number(message: u64) -> u8 {
    u8::try_from((message >> 32) - 0x40).unwrap()
}

fn counts(driver: &mut Driver, irq: u64) -> (u64, u64) {
    driver.call(Syscall::IrqInfo, &[irq]).unwrap().values
}

#[test]
fn a_message_becomes_a_signal_and_is_counted_until_its_ack() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (irq, message) = message(&mut driver, bell, 5).unwrap();
    assert_eq!(message & 0xffff_ffff, 0xfee0_0000, "to CPU 0");
    let waiter = driver.start_urgent(0);
    driver.raw(Syscall::Wait as u64, &[bell, FOREVER], 0);
    driver.interrupt(Interrupt::Message(number(message)));
    assert_eq!(driver.next, Next::User(waiter), "the driver runs at once");
    assert_eq!(driver.result(waiter).unwrap().values.0, 5);
    driver.interrupt(Interrupt::Message(number(message)));
    assert_eq!(counts(&mut driver, irq), (2, 2));
    driver.call(Syscall::IrqAck, &[irq]).unwrap();
    assert_eq!(counts(&mut driver, irq), (2, 0));
    driver.interrupt(Interrupt::Message(number(message)));
    assert_eq!(counts(&mut driver, irq), (3, 1));
    check(&driver.kernel);
}

#[test]
fn a_message_that_arrives_in_the_kernel_is_delivered_in_the_same_exit() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (_, message) = message(&mut driver, bell, 1).unwrap();
    let waiter = driver.start_urgent(0);
    driver.raw(Syscall::Wait as u64, &[bell, FOREVER], 0);
    driver.kernel.machine.arriving.push_back(Interrupt::Message(number(message)));
    // A call of many pieces, with a window after each.
    driver.raw(Syscall::MemoryCreate as u64, &[64], 0);
    assert_eq!(driver.next, Next::User(waiter));
}

#[test]
fn lines_are_counted_like_messages() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let irq = driver.make(Syscall::IrqCreate, &[RESOURCE, 4, bell, 1]);
    assert_eq!(counts(&mut driver, irq), (0, 0));
    driver.interrupt(Interrupt::Line(4));
    assert_eq!(counts(&mut driver, irq), (1, 1));
    driver.call(Syscall::IrqAck, &[irq]).unwrap();
    assert_eq!(counts(&mut driver, irq), (1, 0));
}

#[test]
fn messages_of_a_cpu_run_out_and_those_of_another_do_not() {
    let sizes = Sizes::for_memory(8 << 20, 2048);
    let mut driver = Driver::boot_with(&sizes, 2);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let mut seen = BTreeSet::new();
    let mut last = 0;
    for _ in 0..MESSAGES {
        let (irq, message) = message(&mut driver, bell, 1).unwrap();
        assert!(seen.insert(message), "{message:#x} was given twice");
        last = irq;
    }
    let before = balance(&driver);
    assert_eq!(message(&mut driver, bell, 1), Err(Error::OutOfMemory));
    assert_eq!(balance(&driver), before, "a refused call costs nothing");
    for _ in 0..MESSAGES {
        let other = driver.call(Syscall::MsiCreate, &[RESOURCE, 1, bell, 1]).unwrap().values;
        assert_eq!(other.1 & 0xffff_ffff, 0xfee0_1000, "to CPU 1");
        assert!(seen.insert(other.1), "{:#x} was given twice", other.1);
    }
    driver.call(Syscall::HandleClose, &[last]).unwrap();
    assert!(message(&mut driver, bell, 1).is_ok(), "one is free again");
    assert_eq!(message(&mut driver, bell, 1), Err(Error::OutOfMemory));
    check(&driver.kernel);
}

#[test]
fn a_message_is_used_again_after_all_others() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (irq, first) = message(&mut driver, bell, 1).unwrap();
    driver.call(Syscall::HandleClose, &[irq]).unwrap();
    for _ in 1..MESSAGES {
        let (irq, other) = message(&mut driver, bell, 1).unwrap();
        assert_ne!(other, first);
        driver.call(Syscall::HandleClose, &[irq]).unwrap();
    }
    assert_eq!(message(&mut driver, bell, 1).unwrap().1, first);
}

#[test]
fn a_message_without_an_object_is_counted_and_does_nothing() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (irq, message) = message(&mut driver, bell, 1).unwrap();
    driver.call(Syscall::HandleClose, &[irq]).unwrap();
    for stale in [number(message), MESSAGES - 1, MESSAGES, u8::MAX] {
        driver.interrupt(Interrupt::Message(stale));
    }
    assert_eq!(driver.call(Syscall::Wait, &[bell, 0]), Err(Error::WouldBlock));
    assert_eq!(driver.kernel.system_info().lost_messages, 4);
    check(&driver.kernel);
}

#[test]
fn the_death_of_a_driver_gives_its_messages_back() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (child, _) = driver.child(bell);
    let (irq, _) = message(&mut driver, bell, 1).unwrap();
    driver.give(child, irq, Rights::MANAGE, 0);
    driver.call(Syscall::HandleClose, &[irq]).unwrap();
    assert_eq!(driver.kernel.objects.messages.taken(), 1);
    driver.call(Syscall::ProcessKill, &[child, 1]).unwrap();
    driver.call(Syscall::Yield, &[]).unwrap();
    assert_eq!(driver.kernel.objects.messages.taken(), 0);
    check(&driver.kernel);
}

#[test]
fn wrong_rights_and_arguments_are_refused() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let before = balance(&driver);
    let mut refused = |arguments: &[u64]| driver.call(Syscall::MsiCreate, arguments).unwrap_err();
    assert_eq!(refused(&[bell, 0, bell, 1]), Error::WrongKind);
    assert_eq!(refused(&[RESOURCE, 0, RESOURCE, 1]), Error::WrongKind);
    assert_eq!(refused(&[RESOURCE, 1, bell, 1]), Error::BadArgument);
    assert_eq!(refused(&[RESOURCE, u64::MAX, bell, 1]), Error::BadArgument);
    assert_eq!(balance(&driver), before);
    let (irq, _) = message(&mut driver, bell, 1).unwrap();
    let copy = driver.make(Syscall::HandleCopy, &[irq, Rights::TRANSFER.bits().into(), 0]);
    assert_eq!(driver.call(Syscall::IrqAck, &[copy]), Err(Error::NoRight));
    assert_eq!(counts(&mut driver, copy), (0, 0));
    let mute = driver.make(Syscall::HandleCopy, &[bell, Rights::WAIT.bits().into(), 0]);
    assert_eq!(message(&mut driver, mute, 1), Err(Error::NoRight));
}

#[test]
fn a_resource_for_devices_makes_devices_and_nothing_else() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let rights = Rights::DEVICE | Rights::TRANSFER;
    let devices = driver.make(Syscall::HandleCopy, &[RESOURCE, rights.bits().into(), 0]);
    for (call, arguments) in [
        (Syscall::MemoryDevice, [devices, 1 << 40, 1, 0]),
        (Syscall::PortCreate, [devices, 0x300, 8, 0]),
        (Syscall::IrqCreate, [devices, 5, bell, 1]),
        (Syscall::MsiCreate, [devices, 0, bell, 1]),
        (Syscall::IoSpaceCreate, [devices, 8, 1, 1]),
    ] {
        driver.call(call, &arguments).unwrap();
    }
    for (call, arguments) in [
        (Syscall::Shutdown, [devices, 0, 0, 0, 0]),
        (Syscall::ProcessFind, [devices, 0, 0, 0, 0]),
        (Syscall::TraceRead, [devices, 0, crate::hosted::DATA, 1, 0]),
        (Syscall::LogRead, [devices, 0, crate::hosted::DATA, 1, 0]),
        (Syscall::ContextCreate, [devices, 10_000, 20_000, 20, 0]),
    ] {
        assert_eq!(driver.call(call, &arguments), Err(Error::NoRight), "{call:?}");
    }
    let none = driver.make(Syscall::HandleCopy, &[RESOURCE, ALL & !(1 << 7) & !(1 << 10), 0]);
    assert_eq!(driver.call(Syscall::IoSpaceCreate, &[none, 9, 1, 1]), Err(Error::NoRight));
}

#[test]
fn a_message_to_another_cpu_wakes_its_driver_there() {
    let sizes = Sizes::for_memory(8 << 20, 2048);
    let mut driver = Driver::boot_with(&sizes, 2);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (waiter_handle, waiter) = driver.thread(0, 31);
    driver.call(Syscall::ThreadAffinity, &[waiter_handle, 2]).unwrap();
    let message = driver.call(Syscall::MsiCreate, &[RESOURCE, 1, bell, 4]).unwrap().values.1;
    driver.call(Syscall::ThreadResume, &[waiter_handle]).unwrap();
    let mut smp = Smp::from(driver);
    let other = CpuId(1);
    smp.ipi_arrives(other);
    assert_eq!(smp.running(other), Some(waiter));
    smp.syscall(other, Syscall::Wait as u64, &[bell, FOREVER], 0);
    assert_eq!(smp.running(other), None);
    // The same number of another CPU is no message of its driver.
    smp.interrupt(CPU, Interrupt::Message(number(message)));
    assert_eq!((smp.running(other), smp.kernel.system_info().lost_messages), (None, 1));
    smp.interrupt(other, Interrupt::Message(number(message)));
    assert_eq!(smp.running(other), Some(waiter));
    check(&smp.kernel);
}
