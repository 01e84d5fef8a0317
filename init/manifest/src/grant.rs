//! The device of a driver: which PCI function, and how much of it.
//!
//! A grant travels to the bus server as one line of its startup block, `device NUMBER NAME …`
//! ([`DriverGrant`]).

use crate::{Server, System};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// All BARs of a function.
pub const ALL_BARS: u8 = 0x3f;

/// Vendor and device of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceId {
    /// The vendor.
    pub vendor: u16,
    /// The vendor's number of the device.
    pub device: u16,
}

/// The begin of a class code: class and subclass, or also the programming interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassPrefix {
    /// The class.
    pub class: u8,
    /// The subclass.
    pub subclass: u8,
    /// The programming interface, if it matters.
    pub interface: Option<u8>,
}

/// A place on the bus: bus, device, function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceSlot(pub u16);

/// The `device` of a server: it matches functions with one of the ids, with the class and in the
/// slot, as far as these are said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceGrant {
    /// Ids; none: any.
    pub ids: Vec<DeviceId>,
    /// The class.
    pub class: Option<ClassPrefix>,
    /// The slot.
    pub slot: Option<DeviceSlot>,
    /// The BARs: bit k for BAR k.
    pub bars: u8,
    /// The most interrupt vectors.
    pub vectors: u16,
    /// The most pages that it may map for DMA.
    pub dma_pages: u32,
    /// Whether the driver may do DMA without an IOMMU: to all memory.
    pub trusted: bool,
}

/// A grant with its driver, as the bus server is told it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverGrant {
    /// The driver's number as a client.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its device.
    pub grant: DeviceGrant,
}

impl DeviceId {
    /// Reads `1af4:1042`.
    pub fn parse(text: &str) -> Option<Self> {
        let (vendor, device) = text.split_once(':')?;
        Some(Self { vendor: hex(vendor, 4)?, device: hex(device, 4)? })
    }
}

impl ClassPrefix {
    /// Reads `0108` or `010802`.
    pub fn parse(text: &str) -> Option<Self> {
        let byte = |at: usize| hex(text.get(at..at + 2)?, 2).and_then(|it| u8::try_from(it).ok());
        let interface = match text.len() {
            4 => None,
            6 => Some(byte(4)?),
            _ => return None,
        };
        Some(Self { class: byte(0)?, subclass: byte(2)?, interface })
    }

    /// Returns whether a class code begins so.
    pub fn matches(self, [class, subclass, interface]: [u8; 3]) -> bool {
        (self.class, self.subclass) == (class, subclass)
            && self.interface.is_none_or(|wanted| wanted == interface)
    }
}

impl DeviceSlot {
    /// Reads `00:04.0`: bus, device, function.
    pub fn parse(text: &str) -> Option<Self> {
        let (bus, rest) = text.split_once(':')?;
        let (device, function) = rest.split_once('.')?;
        let (bus, device, function) = (hex(bus, 2)?, hex(device, 2)?, hex(function, 1)?);
        (device < 32 && function < 8).then_some(Self(bus << 8 | device << 3 | function))
    }
}

/// A number of exactly this many hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u16> {
    let good = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    good.then(|| u16::from_str_radix(text, 16).ok()).flatten()
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.device)
    }
}

impl fmt::Display for ClassPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}{:02x}", self.class, self.subclass)?;
        self.interface.map_or(Ok(()), |interface| write!(f, "{interface:02x}"))
    }
}

impl fmt::Display for DeviceSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}.{}", self.0 >> 8, self.0 >> 3 & 31, self.0 & 7)
    }
}

impl DeviceGrant {
    /// Returns whether it matches a function.
    pub fn matches(&self, id: DeviceId, class: [u8; 3], slot: DeviceSlot) -> bool {
        (self.ids.is_empty() || self.ids.contains(&id))
            && self.class.is_none_or(|wanted| wanted.matches(class))
            && self.slot.is_none_or(|wanted| wanted == slot)
    }

    /// Returns whether one function may match both.
    pub fn may_be_same(&self, other: &Self) -> bool {
        let ids = self.ids.is_empty()
            || other.ids.is_empty()
            || self.ids.iter().any(|id| other.ids.contains(id));
        let same_class = |a: ClassPrefix, b: ClassPrefix| {
            (a.class, a.subclass) == (b.class, b.subclass)
                && (a.interface.is_none() || b.interface.is_none() || a.interface == b.interface)
        };
        let class = self.class.zip(other.class).is_none_or(|(a, b)| same_class(a, b));
        let slot = self.slot.zip(other.slot).is_none_or(|(a, b)| a == b);
        ids && class && slot
    }
}

impl DeviceGrant {
    /// Returns whether both say the same id, class or slot.
    fn shares_key(&self, other: &Self) -> bool {
        self.ids.iter().any(|id| other.ids.contains(id))
            || self.class.is_some() && self.class == other.class
            || self.slot.is_some() && self.slot == other.slot
    }
}

/// What it matches: `1af4:1001 or 1af4:1042, slot 00:04.0`.
impl fmt::Display for DeviceGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for id in &self.ids {
            write!(f, "{between}{id}")?;
            between = " or ";
        }
        if !between.is_empty() {
            between = ", ";
        }
        if let Some(class) = self.class {
            write!(f, "{between}class {class}")?;
            between = ", ";
        }
        self.slot.map_or(Ok(()), |slot| write!(f, "{between}slot {slot}"))
    }
}

/// The line: `3 virtio-blk id=1af4:1001 id=1af4:1042 bars=3f vectors=2 dma=64 trusted`.
impl fmt::Display for DriverGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grant = &self.grant;
        write!(f, "{} {}", self.number, self.name)?;
        grant.ids.iter().try_for_each(|id| write!(f, " id={id}"))?;
        grant.class.map_or(Ok(()), |class| write!(f, " class={class}"))?;
        grant.slot.map_or(Ok(()), |slot| write!(f, " slot={slot}"))?;
        let (bars, vectors, pages) = (grant.bars, grant.vectors, grant.dma_pages);
        write!(f, " bars={bars:02x} vectors={vectors} dma={pages}")?;
        f.write_str(if grant.trusted { " trusted" } else { "" })
    }
}

/// The line is not a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoGrant;

impl FromStr for DriverGrant {
    type Err = NoGrant;

    fn from_str(line: &str) -> Result<Self, NoGrant> {
        read(line).ok_or(NoGrant)
    }
}

fn read(line: &str) -> Option<DriverGrant> {
    let mut words = line.split(' ');
    let (number, name) = (words.next()?.parse().ok()?, words.next()?.to_owned());
    let mut grant = DeviceGrant::default();
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("id", id) => grant.ids.push(DeviceId::parse(id)?),
            ("class", class) => grant.class = Some(ClassPrefix::parse(class)?),
            ("slot", slot) => grant.slot = Some(DeviceSlot::parse(slot)?),
            ("bars", bars) => grant.bars = u8::try_from(hex(bars, 2)?).ok()?,
            ("vectors", vectors) => grant.vectors = vectors.parse().ok()?,
            ("dma", pages) => grant.dma_pages = pages.parse().ok()?,
            ("trusted", "") => grant.trusted = true,
            _ => return None,
        }
    }
    Some(DriverGrant { number, name, grant })
}

impl System {
    /// Returns the server that owns configuration space.
    pub fn bus(&self) -> Option<&Server> {
        self.servers.iter().find(|server| server.bus)
    }

    /// Returns all drivers with their devices, in the manifest's order: earlier ones choose first.
    pub fn driver_grants(&self) -> impl Iterator<Item = DriverGrant> {
        self.servers.iter().filter_map(|server| {
            let (grant, name) = (server.device.clone()?, server.name.clone());
            Some(DriverGrant { number: self.client_number(&name)?, name, grant })
        })
    }

    /// Returns the drivers that choose before this one and may have taken its device: of several
    /// those that ask for it by the same id, class or slot.
    pub fn possible_owners(&self, driver: &str) -> Vec<&str> {
        let Some(grant) = self.server(driver).and_then(|server| server.device.as_ref()) else {
            return Vec::new();
        };
        let before = self.servers.iter().take_while(|server| server.name != driver);
        let may =
            |server: &&Server| server.device.as_ref().is_some_and(|other| other.may_be_same(grant));
        let shares =
            |server: &&Server| server.device.as_ref().is_some_and(|other| other.shares_key(grant));
        let may: Vec<&Server> = before.filter(may).collect();
        let any_shares = may.iter().any(shares);
        let named = may.iter().filter(|server| !any_shares || shares(server));
        named.map(|server| server.name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL_BARS, ClassPrefix, DeviceGrant, DeviceId, DeviceSlot, DriverGrant, NoGrant};
    use crate::{Server, System};
    use alloc::string::ToString;
    use alloc::vec;

    const BLOCK: DeviceId = DeviceId { vendor: 0x1af4, device: 0x1042 };

    fn grant() -> DeviceGrant {
        DeviceGrant {
            ids: vec![BLOCK, DeviceId { vendor: 0x1af4, device: 0x1001 }],
            class: ClassPrefix::parse("0100"),
            slot: DeviceSlot::parse("00:1f.7"),
            bars: ALL_BARS,
            vectors: 2,
            dma_pages: 64,
            trusted: true,
        }
    }

    #[test]
    fn texts_are_read_exactly() {
        assert_eq!(DeviceId::parse("1af4:1042"), Some(BLOCK));
        for wrong in ["1af4", "1af4:104", "1af4:10420", "+af4:1042", "1af4:1042:1", ":"] {
            assert_eq!(DeviceId::parse(wrong), None, "{wrong}");
        }
        assert_eq!(DeviceSlot::parse("01:1f.7"), Some(DeviceSlot(0x1ff)));
        for wrong in ["00:20.0", "00:04.8", "00:04", "0:04.0", "00:04.0x", "é:04.0"] {
            assert_eq!(DeviceSlot::parse(wrong), None, "{wrong}");
        }
        let nvme = ClassPrefix { class: 1, subclass: 8, interface: Some(2) };
        assert_eq!(ClassPrefix::parse("010802"), Some(nvme));
        for wrong in ["", "01", "01080", "0108021", "01 8", "0é08"] {
            assert_eq!(ClassPrefix::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn all_that_is_said_must_match() {
        let slot = DeviceSlot(0xff);
        assert!(grant().matches(BLOCK, [1, 0, 0], slot));
        assert!(!grant().matches(BLOCK, [1, 0, 0], DeviceSlot(0xfe)));
        assert!(!grant().matches(BLOCK, [1, 8, 0], slot));
        assert!(!grant().matches(DeviceId::default(), [1, 0, 0], slot));
        let any = DeviceGrant::default();
        assert!(any.matches(BLOCK, [9, 9, 9], slot));
    }

    #[test]
    fn a_line_comes_back_as_it_was() {
        for grant in [grant(), DeviceGrant { ids: vec![BLOCK], ..DeviceGrant::default() }] {
            let driver = DriverGrant { number: 7, name: "virtio-blk".into(), grant };
            assert_eq!(driver.to_string().parse(), Ok(driver));
        }
        for wrong in ["", "7", "x name", "7 n id=1", "7 n bars=100", "7 n other=1", "7 n trusted=1"]
        {
            assert_eq!(wrong.parse::<DriverGrant>(), Err(NoGrant), "{wrong}");
        }
    }

    #[test]
    fn a_grant_is_named_by_what_it_matches() {
        let text = "1af4:1042 or 1af4:1001, class 0100, slot 00:1f.7";
        assert_eq!(grant().to_string(), text);
        let class = DeviceGrant { class: ClassPrefix::parse("010802"), ..DeviceGrant::default() };
        assert_eq!(class.to_string(), "class 010802");
    }

    #[test]
    fn earlier_drivers_may_own_the_device() {
        let server = |name: &str, grant| Server {
            name: name.into(),
            device: Some(grant),
            ..Server::default()
        };
        let by_id = DeviceGrant { ids: vec![BLOCK], ..DeviceGrant::default() };
        let other = DeviceGrant { ids: vec![DeviceId::default()], ..DeviceGrant::default() };
        let servers = vec![
            server("first", grant()),
            server("other", other),
            server("second", by_id.clone()),
            server("third", by_id),
        ];
        let system = System { servers, programs: vec![] };
        assert_eq!(system.possible_owners("second"), ["first"]);
        assert_eq!(system.possible_owners("third"), ["first", "second"]);
        assert!(system.possible_owners("first").is_empty());
        let class = |name| {
            let class = ClassPrefix::parse("0100");
            server(name, DeviceGrant { class, ..DeviceGrant::default() })
        };
        let by_slot = DeviceGrant { slot: DeviceSlot::parse("00:04.0"), ..DeviceGrant::default() };
        let servers = vec![class("a"), server("b", by_slot.clone()), server("c", by_slot)];
        let mut system = System { servers, programs: vec![] };
        assert_eq!(system.possible_owners("c"), ["b"], "it has the same slot");
        system.servers.remove(1);
        assert_eq!(system.possible_owners("c"), ["a"], "it may have that class");
    }
}
