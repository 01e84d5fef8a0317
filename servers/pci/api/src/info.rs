//! What a driver is told about its device.

use alloc::vec::Vec;
use core::fmt;

/// Where a function is: bus, device, function.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u16);

impl Slot {
    /// From its parts; of `device` the low 5 bits count, of `function` the low 3.
    #[must_use]
    pub const fn new(bus: u8, device: u8, function: u8) -> Self {
        Self((bus as u16) << 8 | ((device & 31) as u16) << 3 | (function & 7) as u16)
    }

    /// The bus.
    #[must_use]
    pub const fn bus(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// The device, 0 to 31.
    #[must_use]
    pub const fn device(self) -> u8 {
        self.0.to_be_bytes()[1] >> 3
    }

    /// The function, 0 to 7.
    #[must_use]
    pub const fn function(self) -> u8 {
        self.0.to_be_bytes()[1] & 7
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}.{}", self.bus(), self.device(), self.function())
    }
}

/// Vendor and device.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// The vendor.
    pub vendor: u16,
    /// The vendor's number of the device.
    pub device: u16,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.device)
    }
}

/// What kind of device it is: class, subclass, programming interface.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class(pub [u8; 3]);

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [class, subclass, interface] = self.0;
        write!(f, "{class:02x}{subclass:02x}{interface:02x}")
    }
}

/// A device.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Where it is.
    pub slot: Slot,
    /// What it is.
    pub id: Id,
    /// What its board is; of virtio devices before 1.0 the device type.
    pub subsystem: Id,
    /// What kind it is.
    pub class: Class,
    /// Its revision.
    pub revision: u8,
    /// The memory BARs that the driver was given, by number.
    pub bars: Vec<Bar>,
    /// The number of interrupt vectors that the driver can use: 0 to this, less one.
    pub vectors: u16,
    /// The most pages that its IoSpace maps; 0: it has none.
    pub dma_pages: u32,
    /// Its capabilities, in the order of its list.
    pub capabilities: Vec<Capability>,
    /// Those of virtio, decoded; each lies in its BAR.
    pub virtio: Vec<VirtioCapability>,
}

/// A memory BAR.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    /// Its number, 0 to 5.
    pub number: u8,
    /// Its size in bytes.
    pub bytes: u64,
    /// The pages of it that the driver can have: all but those of the MSI-X table and its
    /// pending bits.
    pub windows: Vec<Window>,
}

/// A run of pages of a BAR.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The first page, counted from the begin of the BAR.
    pub first_page: u32,
    /// The number of pages.
    pub pages: u32,
}

/// A place in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The window, as [`window`](crate::Device::window) counts them.
    pub window: u8,
    /// Bytes from the begin of the window.
    pub offset: u64,
}

/// A capability: its identifier and where its structure is.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capability {
    /// Its identifier. Source: PCI Code and ID Assignment Specification, section 2.
    pub id: u8,
    /// The offset in configuration space.
    pub offset: u8,
}

/// What a virtio capability leads to.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VirtioKind {
    /// The common configuration.
    Common,
    /// The notifications of queues.
    Notify,
    /// The interrupt status.
    Isr,
    /// The configuration of the device type.
    Device,
}

/// A virtio capability. Source: virtio 1.2, section 4.1.4.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VirtioCapability {
    /// What is there.
    pub kind: VirtioKind,
    /// The BAR.
    pub bar: u8,
    /// Bytes from the begin of the BAR.
    pub offset: u32,
    /// Its size in bytes.
    pub length: u32,
    /// Of `Notify`: bytes between two queues' addresses, by `queue_notify_off`. Else 0.
    pub multiplier: u32,
}

impl DeviceInfo {
    /// The BAR with this number, if the driver was given it.
    #[must_use]
    pub fn bar(&self, number: u8) -> Option<&Bar> {
        self.bars.iter().find(|bar| bar.number == number)
    }

    /// The first virtio capability of this kind: the device's preference.
    #[must_use]
    pub fn virtio(&self, kind: VirtioKind) -> Option<VirtioCapability> {
        self.virtio.iter().find(|capability| capability.kind == kind).copied()
    }

    /// The window that holds these bytes of a BAR, and where in it they begin.
    #[must_use]
    pub fn place(&self, bar: u8, offset: u64, bytes: u64) -> Option<Place> {
        let end = offset.checked_add(bytes)?;
        let holds = |window: &Window| {
            let first = u64::from(window.first_page) * sys::PAGE_SIZE;
            let last = first + u64::from(window.pages) * sys::PAGE_SIZE;
            (first <= offset && end <= last).then_some(first)
        };
        let windows = self.bar(bar)?.windows.iter().zip(0..);
        let mut found = windows.filter_map(|(window, number)| {
            holds(window).map(|first| Place { window: number, offset: offset - first })
        });
        found.next()
    }
}

#[cfg(test)]
mod tests {
    use super::{Bar, DeviceInfo, Place, Slot, Window};

    #[test]
    fn a_slot_has_three_parts() {
        let slot = Slot::new(0x12, 31, 7);
        assert_eq!((slot.bus(), slot.device(), slot.function()), (0x12, 31, 7));
        assert_eq!(slot.to_string(), "12:1f.7");
        assert_eq!(Slot::new(0, 4, 0).to_string(), "00:04.0");
    }

    #[test]
    fn a_place_is_in_one_window() {
        let windows = vec![Window { first_page: 0, pages: 2 }, Window { first_page: 3, pages: 1 }];
        let bar = Bar { number: 4, bytes: 0x4000, windows };
        let info = DeviceInfo { bars: vec![bar], ..DeviceInfo::default() };
        assert_eq!(info.place(4, 0x1ffc, 4), Some(Place { window: 0, offset: 0x1ffc }));
        assert_eq!(info.place(4, 0x3010, 4), Some(Place { window: 1, offset: 0x10 }));
        for (offset, bytes) in [(0x1ffd, 4), (0x2000, 1), (0x3000, 0x1001), (u64::MAX, 1)] {
            assert_eq!(info.place(4, offset, bytes), None, "{offset:#x}");
        }
        assert_eq!(info.place(0, 0, 1), None);
    }
}
