//! The list of capabilities of a function, and what three of them say.
//!
//! **Trust.** A device writes the list. An offset outside of the list's part of configuration
//! space ends it, and so does a second visit of one: a device can make a circle.

use crate::config::{ConfigSpace, NOTHING, register};
use alloc::vec::Vec;
use pci_api::{Capability, Slot, VirtioCapability, VirtioKind};

/// Message signalled interrupts.
pub const MSI: u8 = 0x05;
/// Vendor specific.
pub const VENDOR: u8 = 0x09;
/// PCI Express.
pub const EXPRESS: u8 = 0x10;
/// MSI-X.
pub const MSIX: u8 = 0x11;
/// Advanced features of a conventional function.
pub const ADVANCED: u8 = 0x13;

/// The status bit: there is a list.
const HAS_LIST: u32 = 1 << 20;
/// Each takes at least 4 bytes.
const MOST: usize = (0x100 - 0x40) / 4;

/// How a function interrupts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interrupts {
    /// By a line only: no driver gets that.
    #[default]
    None,
    /// By one message in configuration space.
    Msi(Msi),
    /// By messages in a table in a BAR.
    Msix(Msix),
}

/// The MSI capability. Source: PCI 3.0, section 6.8.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Msi {
    /// Its offset.
    pub offset: u16,
    /// Whether its address has 64 bits.
    pub wide: bool,
}

/// The MSI-X capability. Source: PCI 3.0, section 6.8.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Msix {
    /// Its offset.
    pub offset: u16,
    /// The number of entries of its table, 1 to 2048.
    pub vectors: u16,
    /// The table.
    pub table: InBar,
    /// The pending bits.
    pub pending: InBar,
}

/// A structure in a BAR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InBar {
    /// The BAR.
    pub bar: u8,
    /// Bytes from its begin.
    pub offset: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Reads the list.
pub fn list(config: &dyn ConfigSpace, slot: Slot) -> Vec<Capability> {
    let mut found: Vec<Capability> = Vec::new();
    if config.read(slot, register::COMMAND) & HAS_LIST == 0 {
        return found;
    }
    let mut next = config.read(slot, register::CAPABILITIES);
    while found.len() < MOST {
        // The low two bits are reserved.
        let offset = next.to_le_bytes()[0] & !3;
        let seen = found.iter().any(|capability| capability.offset == offset);
        if u16::from(offset) < register::END || seen {
            break;
        }
        let head = config.read(slot, offset.into());
        if head == NOTHING {
            break;
        }
        found.push(Capability { id: head.to_le_bytes()[0], offset });
        next = head >> 8;
    }
    found
}

/// Reads how the function interrupts; MSI-X before MSI.
pub fn interrupts(config: &dyn ConfigSpace, slot: Slot, list: &[Capability]) -> Interrupts {
    let find = |id| list.iter().find(|it| it.id == id).map(|it| u16::from(it.offset));
    let msix = find(MSIX).map(|offset| Interrupts::Msix(msix(config, slot, offset)));
    let msi = || find(MSI).map(|offset| Interrupts::Msi(msi(config, slot, offset)));
    msix.or_else(msi).unwrap_or_default()
}

fn msi(config: &dyn ConfigSpace, slot: Slot, offset: u16) -> Msi {
    Msi { offset, wide: config.read(slot, offset) & 1 << 23 != 0 }
}

fn msix(config: &dyn ConfigSpace, slot: Slot, offset: u16) -> Msix {
    let control = config.read(slot, offset) >> 16;
    let vectors = u16::try_from(control & 0x7ff).unwrap_or(0) + 1;
    let place = |register: u16, bytes: u64| {
        let value = config.read(slot, offset.saturating_add(register));
        let bar = value.to_le_bytes()[0] & 7;
        InBar { bar, offset: u64::from(value & !7), bytes }
    };
    let table = place(4, u64::from(vectors) * 16);
    let pending = place(8, u64::from(vectors).div_ceil(64) * 8);
    Msix { offset, vectors, table, pending }
}

/// Decodes the virtio capabilities. Whether each lies in its BAR is not looked at here.
/// Source: virtio 1.2, section 4.1.4.
pub fn virtio(config: &dyn ConfigSpace, slot: Slot, list: &[Capability]) -> Vec<VirtioCapability> {
    let vendor = list.iter().filter(|it| it.id == VENDOR).map(|it| u16::from(it.offset));
    vendor.filter_map(|offset| one_virtio(config, slot, offset)).collect()
}

fn one_virtio(config: &dyn ConfigSpace, slot: Slot, at: u16) -> Option<VirtioCapability> {
    let read = |register: u16| config.read(slot, at.saturating_add(register));
    let [_, _, length_of_all, kind] = read(0).to_le_bytes();
    let kind = match kind {
        1 => VirtioKind::Common,
        2 => VirtioKind::Notify,
        3 => VirtioKind::Isr,
        4 => VirtioKind::Device,
        _ => return None,
    };
    let least = if kind == VirtioKind::Notify { 20 } else { 16 };
    // The structure ends in the capabilities' part of configuration space.
    if length_of_all < least || at + u16::from(least) > 0x100 {
        return None;
    }
    let multiplier = if kind == VirtioKind::Notify { read(16) } else { 0 };
    let bar = read(4).to_le_bytes()[0];
    Some(VirtioCapability { kind, bar, offset: read(8), length: read(12), multiplier })
}
