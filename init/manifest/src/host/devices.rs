//! Interrupt lines, ports and device memory: each belongs to one server.

use super::section::{Placed, Section};
use crate::{DeviceMemory, Irq, Ports};
use abi::reserved::{self, Reserved};
use core::fmt;
use core::ops::Range;
use std::format;
use std::string::String;
use std::vec::Vec;

/// Something of the machine that only one server can have.
#[derive(Clone, Debug)]
pub(super) struct Device {
    /// Name of the handle.
    pub(super) name: String,
    kind: Kind,
    /// The numbers that it takes of its kind.
    range: Range<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Line,
    Ports,
    Memory,
}

impl Device {
    /// Whether a part of both is the same.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.range.start < other.range.end
            && other.range.start < self.range.end
    }

    /// What of it the kernel keeps for itself.
    pub(super) fn reserved(&self) -> Option<&'static Reserved> {
        let (first, last) = (self.range.start, self.range.end.saturating_sub(1));
        match self.kind {
            Kind::Line => reserved::line(first),
            Kind::Ports => reserved::ports(first, last),
            Kind::Memory => reserved::memory(first, last),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.range.start, self.range.end.saturating_sub(1));
        match self.kind {
            Kind::Line => write!(f, "interrupt line {first}"),
            Kind::Ports => write!(f, "ports {first:#x} to {last:#x}"),
            Kind::Memory => write!(f, "device memory {first:#x} to {last:#x}"),
        }
    }
}

fn placed(section: &Section<'_>, name: &str, kind: Kind, range: Range<u64>) -> Placed<Device> {
    Placed { value: Device { name: name.into(), kind, range }, at: section.at }
}

/// `irq = [{ name, line, notify }]`.
pub(super) fn irqs(section: &Section<'_>) -> (Vec<Irq>, Vec<Placed<Device>>) {
    let read = |item: Section<'_>| {
        let last = u32::try_from(abi::IRQ_LINES).unwrap_or(0).saturating_sub(1);
        let irq = Irq {
            name: item.handle_name("name"),
            line: item.small("line", 0..=last, None),
            notify: item.handle_name("notify"),
        };
        item.finish();
        let line = u64::from(irq.line);
        let device = placed(&item, &irq.name, Kind::Line, line..line + 1);
        (irq, device)
    };
    section.tables("irq").into_iter().map(read).unzip()
}

/// `ports = [{ name, first, count }]`.
pub(super) fn ports(section: &Section<'_>) -> (Vec<Ports>, Vec<Placed<Device>>) {
    let read = |item: Section<'_>| {
        let ports = Ports {
            name: item.handle_name("name"),
            first: item.small("first", 0..=0xffff, None),
            count: item.small("count", 1..=0xffff, None),
        };
        item.finish();
        let range = u64::from(ports.first)..u64::from(ports.first) + u64::from(ports.count);
        if range.end > 0x1_0000 {
            let last = range.end - 1;
            item.problem(item.at, &format!("the last port is {last:#x}; ports end at 0xffff"));
        }
        let device = placed(&item, &ports.name, Kind::Ports, range);
        (ports, device)
    };
    section.tables("ports").into_iter().map(read).unzip()
}

/// `memory = [{ name, address, pages }]`.
pub(super) fn memory(section: &Section<'_>) -> (Vec<DeviceMemory>, Vec<Placed<Device>>) {
    let read = |item: Section<'_>| {
        let memory = DeviceMemory {
            name: item.handle_name("name"),
            address: item.number("address", 0..=(1 << 52) - 1, None),
            pages: item.small("pages", 1..=1 << 20, None),
        };
        item.finish();
        if !memory.address.is_multiple_of(abi::PAGE_SIZE) {
            item.problem(item.at, "`address` must be a multiple of 0x1000");
        }
        let end = memory.address + u64::from(memory.pages) * abi::PAGE_SIZE;
        let device = placed(&item, &memory.name, Kind::Memory, memory.address..end);
        (memory, device)
    };
    section.tables("memory").into_iter().map(read).unzip()
}
