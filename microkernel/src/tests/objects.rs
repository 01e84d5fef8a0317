//! Handles, memory objects, ports, devices: made, copied, refused, given back.

use super::kit::{ALL, balance, boot};
use crate::hosted::{DATA, Driver};
use abi::{Error, OWN_PROCESS, ObjectKind, Rights, Syscall};

const RESOURCE: u64 = 1;

#[test]
fn whatever_is_made_and_closed_leaves_nothing() {
    let mut driver = boot();
    let warm = driver.make(Syscall::NotificationCreate, &[]);
    let before = balance(&driver);
    for _ in 0..200 {
        let endpoint = driver.make(Syscall::EndpointCreate, &[]);
        let timer = driver.make(Syscall::TimerCreate, &[warm, 1]);
        let memory = driver.make(Syscall::MemoryCreate, &[5]);
        let irq = driver.make(Syscall::IrqCreate, &[RESOURCE, 3, warm, 1]);
        let port = driver.make(Syscall::PortCreate, &[RESOURCE, 0x3f8, 8]);
        let copy = driver.make(Syscall::HandleCopy, &[endpoint, ALL, 5]);
        for handle in [endpoint, timer, memory, irq, port, copy] {
            driver.call(Syscall::HandleClose, &[handle]).unwrap();
        }
    }
    assert_eq!(balance(&driver), before);
}

#[test]
fn info_tells_kind_and_rights() {
    let mut driver = boot();
    let kinds = [
        (driver.make(Syscall::EndpointCreate, &[]), ObjectKind::Endpoint),
        (driver.make(Syscall::NotificationCreate, &[]), ObjectKind::Notification),
        (driver.make(Syscall::MemoryCreate, &[1]), ObjectKind::Memory),
        (driver.make(Syscall::PortCreate, &[RESOURCE, 0x3f8, 8]), ObjectKind::Port),
        (RESOURCE, ObjectKind::Resource),
    ];
    for (handle, kind) in kinds {
        let info = driver.call(Syscall::HandleInfo, &[handle]).unwrap().values;
        assert_eq!(info, (kind as u64, ALL));
    }
    let (child, own) = (driver.child(0).0, driver.kernel.objects.threads[driver.running()].process);
    let entry = crate::object::ObjectRef::Process(own);
    let own = u64::from(driver.kernel.memory().grant(own, entry, Rights::ALL, 0).unwrap().0);
    let kind =
        |driver: &mut Driver, handle| driver.call(Syscall::HandleInfo, &[handle]).unwrap().values.0;
    assert_eq!(kind(&mut driver, child), ObjectKind::Process as u64, "another process");
    assert_eq!(kind(&mut driver, own), ObjectKind::Process as u64 | OWN_PROCESS);
}

#[test]
fn a_copy_never_has_more() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let few = Rights::SEND | Rights::TRANSFER;
    let weak = driver.make(Syscall::HandleCopy, &[endpoint, u64::from(few.bits()), 0]);
    let again = driver.make(Syscall::HandleCopy, &[weak, ALL, 0]);
    let rights = driver.call(Syscall::HandleInfo, &[again]).unwrap().values.1;
    assert_eq!(rights, u64::from(few.bits()));
    assert_eq!(driver.call(Syscall::HandleCopy, &[weak, ALL, 3]), Err(Error::NoRight), "no MINT");
    let fixed = driver.make(Syscall::HandleCopy, &[endpoint, u64::from(Rights::SEND.bits()), 0]);
    assert_eq!(driver.call(Syscall::HandleCopy, &[fixed, ALL, 0]), Err(Error::NoRight));
    assert_eq!(driver.call(Syscall::HandleCopy, &[endpoint, 1 << 16, 0]), Err(Error::BadArgument));
}

#[test]
fn a_call_on_the_wrong_kind_is_refused() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    for call in [
        Syscall::Call,
        Syscall::Recv,
        Syscall::MemoryInfo,
        Syscall::ProcessKill,
        Syscall::ThreadResume,
        Syscall::TimerArm,
        Syscall::IrqAck,
        Syscall::PortRead,
        Syscall::Shutdown,
    ] {
        assert_eq!(driver.call(call, &[notification]), Err(Error::WrongKind), "{call:?}");
        assert_eq!(driver.call(call, &[0xffff]), Err(Error::BadHandle), "{call:?}");
        let wide = notification | 1 << 32;
        assert_eq!(driver.call(call, &[wide]), refused_wide(call), "{call:?}");
    }
}

/// Handles are 32 bits. Message calls cut the register, the others refuse it.
fn refused_wide(call: Syscall) -> Result<crate::hosted::Outcome, Error> {
    match call {
        Syscall::Call | Syscall::Recv => Err(Error::WrongKind),
        _ => Err(Error::BadHandle),
    }
}

#[test]
fn ports_stay_within_their_range() {
    let mut driver = boot();
    let port = driver.make(Syscall::PortCreate, &[RESOURCE, 0x3f8, 8]);
    driver.kernel.machine.port_values.insert(0x3fd, 0x60);
    assert_eq!(driver.call(Syscall::PortRead, &[port, 5, 1]).unwrap().values.0, 0x60);
    driver.call(Syscall::PortWrite, &[port, 0, 1, 65]).unwrap();
    assert_eq!(driver.kernel.machine.port_writes, [(0x3f8, 65)]);
    for (offset, width) in [(8, 1), (7, 2), (5, 4), (u64::MAX, 1), (0, 3), (0, 0)] {
        let read = driver.call(Syscall::PortRead, &[port, offset, width]);
        assert_eq!(read, Err(Error::BadArgument), "{offset} {width}");
    }
    for (first, count) in [(0, 0), (0xffff, 2), (u64::MAX, 1), (0x3f8, u64::MAX)] {
        let made = driver.call(Syscall::PortCreate, &[RESOURCE, first, count]);
        assert_eq!(made, Err(Error::BadArgument), "{first:#x} {count:#x}");
    }
    let kernels = driver.call(Syscall::PortCreate, &[RESOURCE, 0x20, 2]);
    assert_eq!(kernels, Err(Error::NoRight), "the kernel's own ports");
}

#[test]
fn port_bytes_come_from_checked_memory() {
    let mut driver = boot();
    let port = driver.make(Syscall::PortCreate, &[RESOURCE, 0x3f8, 8]);
    driver.poke(crate::hosted::DATA + 4090, b"across pages");
    let write = [port, 0, crate::hosted::DATA + 4090, 12];
    driver.call(Syscall::PortWriteBytes, &write).unwrap();
    let written: Vec<u8> = driver
        .kernel
        .machine
        .port_writes
        .iter()
        .map(|(_, value)| u8::try_from(*value).unwrap())
        .collect();
    assert_eq!(written, b"across pages");
    let wild = driver.call(Syscall::PortWriteBytes, &[port, 0, 0x6666_0000, 4]);
    assert_eq!(wild, Err(Error::BadAddress));
    assert_eq!(driver.kernel.machine.port_writes.len(), 12, "nothing of it was written");
}

#[test]
fn port_bytes_beyond_the_limit_are_refused() {
    let mut driver = boot();
    let port = driver.make(Syscall::PortCreate, &[RESOURCE, 0x3f8, 8]);
    let mut write = |len| driver.call(Syscall::PortWriteBytes, &[port, 0, DATA, len]).map(drop);
    for len in [65, 4096, u64::MAX] {
        assert_eq!(write(len), Err(Error::BadArgument), "{len}");
    }
    assert_eq!(write(64), Ok(()));
    assert_eq!(driver.kernel.machine.port_writes.len(), 64, "the refused ones wrote nothing");
}

#[test]
fn device_memory_is_no_ram() {
    let mut driver = boot();
    let ram = driver.call(Syscall::MemoryDevice, &[RESOURCE, 0x1000, 1]);
    assert_eq!(ram, Err(Error::BadArgument));
    let device = driver.make(Syscall::MemoryDevice, &[RESOURCE, 1 << 32, 4]);
    assert_eq!(driver.call(Syscall::MemoryInfo, &[device]).unwrap().values, (4, 1));
    let run = driver.call(Syscall::Map, &[0, device, 0x60_0000, 0, 4, 5]);
    assert_eq!(run, Err(Error::BadArgument), "nobody runs device registers");
    driver.call(Syscall::Map, &[0, device, 0x60_0000, 0, 4, 3]).unwrap();
}

#[test]
fn only_the_resource_ends_the_machine() {
    let mut driver = boot();
    assert_eq!(driver.call(Syscall::Shutdown, &[RESOURCE, 256]), Err(Error::BadArgument));
    driver.raw(Syscall::Shutdown as u64, &[RESOURCE, 0x10], 0);
    assert_eq!(driver.next, crate::exit::Next::Shutdown(0x10));
}

#[test]
fn what_the_kernel_keeps_is_refused_to_the_last_number() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    for kept in abi::reserved::PORTS {
        for (first, count) in [(kept.first, 1), (kept.last, 1), (kept.first - 1, 0x10)] {
            let made = driver.call(Syscall::PortCreate, &[RESOURCE, first, count]);
            assert_eq!(made, Err(Error::NoRight), "{first:#x}: {}", kept.user);
        }
    }
    for kept in abi::reserved::LINES {
        let made = driver.call(Syscall::IrqCreate, &[RESOURCE, kept.first, bell, 1]);
        assert_eq!(made, Err(Error::NoRight), "line {}: {}", kept.first, kept.user);
    }
    for kept in abi::reserved::MEMORY {
        let first = kept.first / abi::PAGE_SIZE * abi::PAGE_SIZE;
        let made = driver.call(Syscall::MemoryDevice, &[RESOURCE, first, 1]);
        assert_eq!(made, Err(Error::BadArgument), "{first:#x}: {}", kept.user);
    }
}
