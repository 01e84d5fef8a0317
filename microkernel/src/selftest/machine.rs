//! What the machine tells and does for the core.

use super::bench::{Bench, Check, Outcome};
use abi::{LogHeader, LogKind};
use core_kernel::machine::{Machine, Phys, PortWidth};

pub(super) const CHECKS: &[Check] = &[
    ("memory-zero", zero),
    ("memory-read-what-was-written", read_back),
    ("memory-copy", copy),
    ("memory-copy-onto-itself", copy_overlapping),
    ("memory-ram-is-no-device", ram_is_no_device),
    ("memory-controllers-are-no-devices", controllers_are_not),
    ("memory-devices-are-devices", devices_are),
    ("ports-read-and-write", ports_work),
    ("log-record-header", log_header),
];

fn zero(bench: &mut Bench<'_>) -> Outcome {
    let frame = bench.boot.frames.take(2);
    bench.machine.write(frame.plus(4090), &[0xff; 12]);
    bench.machine.zero(frame, 2);
    let mut found = [1; 12];
    bench.machine.read(frame.plus(4090), &mut found);
    bench.hold("not zero", found == [0; 12])
}

fn read_back(bench: &mut Bench<'_>) -> Outcome {
    let frame = bench.boot.frames.take(1);
    let wanted: [u8; 64] = core::array::from_fn(|at| at.to_le_bytes()[0] ^ 0x5a);
    bench.machine.write(frame.plus(100), &wanted);
    let mut found = [0; 64];
    bench.machine.read(frame.plus(100), &mut found);
    bench.hold("other bytes", found == wanted)?;
    let mut before = [1];
    bench.machine.read(frame.plus(99), &mut before);
    bench.equal("the byte before", u64::from(before[0]), 0)
}

/// What a program that sends to itself may ask for, up and down.
fn copy_overlapping(bench: &mut Bench<'_>) -> Outcome {
    let frame = bench.boot.frames.take(1);
    let wanted: [u8; 64] = core::array::from_fn(|at| at.to_le_bytes()[0]);
    for (from, to) in [(0, 8), (8, 0), (3, 4), (4, 3), (5, 5)] {
        for len in [64, 61, 17, 8, 7, 1, 0] {
            bench.machine.write(frame.plus(from), &wanted);
            bench.machine.write(frame.plus(to + len as u64), &[0xff]);
            bench.machine.write(frame.plus(from), &wanted[..len]);
            bench.machine.copy(frame.plus(from), frame.plus(to), len);
            let mut found = [0; 64];
            bench.machine.read(frame.plus(to), &mut found);
            bench.hold("other bytes", found[..len] == wanted[..len])?;
        }
    }
    Ok(())
}

fn copy(bench: &mut Bench<'_>) -> Outcome {
    let frame = bench.boot.frames.take(2);
    bench.machine.write(frame.plus(8), b"postern");
    bench.machine.copy(frame, frame.plus(4096), 4096);
    let mut found = [0; 7];
    bench.machine.read(frame.plus(4096 + 8), &mut found);
    bench.hold("other bytes", &found == b"postern")
}

fn ram_is_no_device(bench: &mut Bench<'_>) -> Outcome {
    let machine = &bench.machine;
    let last = bench.boot.facts.ram_end() / 4096 * 4096 - 4096;
    let refused = [0, 0x10_0000, 0x20_0000, last]
        .map(|at| !machine.is_device_memory(Phys::from_entry(at), 1));
    let whole = machine.is_device_memory(Phys::from_entry(0), u64::MAX)
        || machine.is_device_memory(Phys::from_entry(last), 2);
    bench.hold("RAM", refused == [true; 4])?;
    bench.hold("a range over RAM", !whole)
}

fn controllers_are_not(bench: &mut Bench<'_>) -> Outcome {
    let local = bench.boot.platform.lapic;
    let (whole, around) = (
        bench.machine.is_device_memory(local, 1),
        bench.machine.is_device_memory(Phys::from_entry(local.address() - 4096), 3),
    );
    bench.hold("the local controller", !whole)?;
    bench.hold("a range around it", !around)
}

fn devices_are(bench: &mut Bench<'_>) -> Outcome {
    let machine = &bench.machine;
    let (video, pci) = (
        machine.is_device_memory(Phys::from_entry(0xb_8000), 8),
        machine.is_device_memory(Phys::from_entry(0xfd00_0000), 16),
    );
    bench.hold("video memory", video)?;
    bench.hold("PCI window", pci)
}

/// COM1's scratch register keeps what is written.
fn ports_work(bench: &mut Bench<'_>) -> Outcome {
    for value in [0x5a, 0xa5] {
        bench.machine.port_write(0x3ff, PortWidth::Byte, value);
        let found = bench.machine.port_read(0x3ff, PortWidth::Byte);
        bench.equal("scratch register", u64::from(found), u64::from(value))?;
    }
    Ok(())
}

fn log_header(bench: &mut Bench<'_>) -> Outcome {
    let header = LogHeader { kind: LogKind::Text, source: 7, time_ns: 123_456_789, len: 42 };
    let bytes = header.encode();
    let magic = u64::from(u16::from_le_bytes([bytes[0], bytes[1]]));
    bench.equal("magic", magic, u64::from(abi::LOG_MAGIC))?;
    bench.hold("round trip", LogHeader::decode(&bytes) == Some(header))
}
