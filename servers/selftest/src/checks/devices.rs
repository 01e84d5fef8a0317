//! Ports and interrupts, with the real-time clock as the device.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after};
use sys::hazard;
use sys::{Error, Irq, Notification, OwnedHandle, Ports, Resource, Rights};

pub(super) const CHECKS: &[Check] = &[
    ("device-ports-are-read-and-written", ports),
    ("device-ports-beyond-range-are-refused", beyond_range),
    ("device-ports-need-right", ports_need_rights),
    ("exit-39-allowed-ports-are-used-by-instructions", by_instruction),
    ("device-kernels-ports-are-refused", kernel_ports),
    ("device-ranges-beyond-65536-are-refused", beyond_ports),
    ("device-only-resource-makes-devices", only_resource),
    ("device-interrupt-signals-and-waits-for-its-ack", interrupt),
    ("device-line-has-one-owner", one_owner),
    ("device-lines-that-do-not-exist-are-refused", no_such_line),
];

/// Where firmware shows how far it came: writing there does nothing.
const DIAGNOSTIC: u16 = 0x80;
/// Index and data of the clock. Source: MC146818 data sheet.
const CLOCK: u16 = 0x70;
const INDEX: u16 = 0;
const DATA: u16 = 1;
const REGISTER_A: u8 = 0x0a;
const REGISTER_B: u8 = 0x0b;
const REGISTER_C: u8 = 0x0c;
const RATE_1024_HZ: u8 = 0x26;
const PERIODIC: u8 = 0x40;
const LINE: u8 = 8;

fn clock(bench: &Bench) -> Result<Ports, Error> {
    Ports::create(&bench.resource, CLOCK, 2)
}

fn read(clock: &Ports, register: u8) -> Result<u8, Error> {
    clock.write_u8(INDEX, register)?;
    clock.read_u8(DATA)
}

fn write(clock: &Ports, register: u8, value: u8) -> Result<(), Error> {
    clock.write_u8(INDEX, register)?;
    clock.write_u8(DATA, value)
}

fn ports(bench: &Bench) -> Outcome {
    let clock = clock(bench)?;
    // A byte of battery memory that means nothing.
    let before = read(&clock, 0x7f)?;
    write(&clock, 0x7f, 0x5a)?;
    let found = read(&clock, 0x7f)?;
    write(&clock, 0x7f, before)?;
    bench.same("what was written", found, 0x5a)
}

/// The instruction that the hostile programs die of, on a port that was allowed.
fn by_instruction(bench: &Bench) -> Outcome {
    let ports = Ports::create(&bench.resource, DIAGNOSTIC, 1)?;
    let powerless = Ports::from(OwnedHandle::from(ports.copy(Rights::READ)?));
    bench.refused("a handle that only reads", powerless.allow_instructions(), Error::NoRight)?;
    ports.allow_instructions()?;
    hazard::port_write(DIAGNOSTIC, 0x5a);
    sys::sleep_for(1_000_000);
    hazard::port_write(DIAGNOSTIC, 0xa5);
    Ok(())
}

fn beyond_range(bench: &Bench) -> Outcome {
    let clock = clock(bench)?;
    bench.refused("the byte behind", clock.read_u8(2), Error::BadArgument)?;
    bench.refused("half of it behind", clock.read_u16(1), Error::BadArgument)?;
    bench.refused("a write", clock.write_u32(0, 0), Error::BadArgument)?;
    bench.refused("bytes", clock.write_bytes(2, &[0]), Error::BadArgument)?;
    bench.refused("far behind", clock.read_u8(u16::MAX), Error::BadArgument)
}

fn ports_need_rights(bench: &Bench) -> Outcome {
    let clock = clock(bench)?;
    let (read, write) = (clock.copy(Rights::READ)?, clock.copy(Rights::WRITE)?);
    bench.refused("a write", read.write_u8(INDEX, 0), Error::NoRight)?;
    bench.refused("bytes", read.write_bytes(INDEX, &[0]), Error::NoRight)?;
    bench.refused("a read", write.read_u8(DATA), Error::NoRight)
}

fn kernel_ports(bench: &Bench) -> Outcome {
    for (first, count) in [(0x20, 1), (0xa1, 1), (0x40, 4), (0xf4, 1), (0xe9, 1), (0, 0x100)] {
        let ports = Ports::create(&bench.resource, first, count);
        bench.refused("a range", ports, Error::NoRight)?;
    }
    Ok(())
}

fn beyond_ports(bench: &Bench) -> Outcome {
    for (first, count) in [(0xffff, 2), (0x8000, 0x8001), (0x3f8, 0)] {
        let ports = Ports::create(&bench.resource, first, count);
        bench.refused("a range", ports, Error::BadArgument)?;
    }
    Ok(())
}

fn only_resource(bench: &Bench) -> Outcome {
    let bell: OwnedHandle = Notification::create()?.into();
    let fake = Resource::from(bell);
    bench.refused("ports", Ports::create(&fake, CLOCK, 2), Error::WrongKind)?;
    bench.refused("the end", fake.shutdown(0), Error::WrongKind)?;
    let weak = bench.resource.copy(Rights::TRANSFER)?;
    bench.refused("ports without the right", Ports::create(&weak, CLOCK, 2), Error::NoRight)?;
    bench.refused("the end without the right", weak.shutdown(0), Error::NoRight)
}

fn interrupt(bench: &Bench) -> Outcome {
    let (clock, bell) = (clock(bench)?, Notification::create()?);
    let irq = Irq::create(&bench.resource, LINE, &bell, 0b1000)?;
    let before = sys::system_info()?.irqs[usize::from(LINE)];
    write(&clock, REGISTER_A, RATE_1024_HZ)?;
    let registers = read(&clock, REGISTER_B)?;
    write(&clock, REGISTER_B, registers | PERIODIC)?;
    read(&clock, REGISTER_C)?;
    let outcome = two_interrupts(bench, &clock, &bell, &irq);
    write(&clock, REGISTER_B, registers & !PERIODIC)?;
    read(&clock, REGISTER_C)?;
    outcome?;
    bench.hold("counted", sys::system_info()?.irqs[usize::from(LINE)] >= before + 2)
}

fn two_interrupts(bench: &Bench, clock: &Ports, bell: &Notification, irq: &Irq) -> Outcome {
    bench.same("first", bell.wait(after(SOON_NS))?, 0b1000)?;
    // Without an ack the line stays masked.
    read(clock, REGISTER_C)?;
    bench.refused("unacknowledged", bell.wait(after(20_000_000)), Error::TimedOut)?;
    irq.ack()?;
    read(clock, REGISTER_C)?;
    bench.same("second", bell.wait(after(SOON_NS))?, 0b1000)
}

fn one_owner(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    let first = Irq::create(&bench.resource, LINE, &bell, 1)?;
    let second = Irq::create(&bench.resource, LINE, &bell, 1);
    bench.refused("a second owner", second, Error::BadState)?;
    drop(first);
    let again = Irq::create(&bench.resource, LINE, &bell, 1);
    bench.hold("free again", again.is_ok())
}

fn no_such_line(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    for line in [24, 100, 255] {
        let irq = Irq::create(&bench.resource, line, &bell, 1);
        bench.refused("a line", irq, Error::BadArgument)?;
    }
    Ok(())
}
