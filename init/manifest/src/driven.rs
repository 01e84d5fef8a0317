//! Who drives what in a running system, and whether the manifest says so.

use crate::{ClassPrefix, DeviceId, DeviceSlot, System};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A device with its driver, as a running system tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driven<'l> {
    /// The driver.
    pub driver: &'l str,
    /// What it drives.
    pub id: DeviceId,
    /// Its class.
    pub class: [u8; 3],
    /// Where it is.
    pub slot: DeviceSlot,
    /// The number of vectors that the driver can use.
    pub vectors: u16,
    /// The most pages that it may map for DMA.
    pub dma_pages: u32,
}

/// A line like `blk drives 1af4:1042 class 010000 at 00:04.0: vectors 2, dma 64`; `None` for
/// another one.
pub fn parse_driven(line: &str) -> Option<Driven<'_>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [driver, "drives", id, "class", class, "at", slot, "vectors", vectors, "dma", pages] =
        words.as_slice()
    else {
        return None;
    };
    let class = ClassPrefix::parse(class)?;
    Some(Driven {
        driver,
        id: DeviceId::parse(id)?,
        class: [class.class, class.subclass, class.interface?],
        slot: DeviceSlot::parse(slot.strip_suffix(':')?)?,
        vectors: vectors.strip_suffix(',')?.parse().ok()?,
        dma_pages: pages.parse().ok()?,
    })
}

impl System {
    /// Returns what is wrong with the devices of a running system, by its lines: a driver that the
    /// manifest gives no such device, or less of it. Each once, in the order of their coming.
    pub fn devices_not_allowed<'l>(&self, running: impl Iterator<Item = &'l str>) -> Vec<String> {
        let mut wrong: Vec<String> = Vec::new();
        let mut slots: Vec<DeviceSlot> = Vec::new();
        for line in running {
            let Some(driven) = parse_driven(line) else { continue };
            let twice = slots.contains(&driven.slot);
            slots.push(driven.slot);
            let why = if twice { Some("it has two drivers") } else { self.not_granted(&driven) };
            let text = why.map(|why| format!("{}: {why}", line.trim()));
            wrong.extend(text.filter(|text| !wrong.contains(text)));
        }
        wrong
    }

    fn not_granted(&self, driven: &Driven<'_>) -> Option<&'static str> {
        let Some(grant) = self.server(driven.driver).and_then(|it| it.device.as_ref()) else {
            return Some("the manifest gives this driver no device");
        };
        if !grant.matches(driven.id, driven.class, driven.slot) {
            return Some("the manifest gives this driver another device");
        }
        if driven.vectors > grant.vectors {
            return Some("the manifest gives it fewer vectors");
        }
        let pages = if grant.trusted { grant.dma_pages } else { 0 };
        (driven.dma_pages > pages).then_some("the manifest gives it fewer pages for DMA")
    }
}

/// A line that [`parse_driven`] reads.
impl core::fmt::Display for Driven<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [class, subclass, interface] = self.class;
        let class = ClassPrefix { class, subclass, interface: Some(interface) }.to_string();
        let (driver, id, slot) = (self.driver, self.id, self.slot);
        write!(f, "{driver} drives {id} class {class} at {slot}: ")?;
        write!(f, "vectors {}, dma {}", self.vectors, self.dma_pages)
    }
}

#[cfg(test)]
mod tests {
    use super::{Driven, parse_driven};
    use crate::{DeviceGrant, DeviceId, DeviceSlot, Server, System};
    use alloc::string::ToString;
    use alloc::vec;

    const BLOCK: DeviceId = DeviceId { vendor: 0x1af4, device: 0x1042 };
    const LINE: &str = "blk drives 1af4:1042 class 010000 at 00:04.0: vectors 2, dma 64";

    fn system() -> System {
        let grant = DeviceGrant {
            ids: vec![BLOCK],
            vectors: 2,
            dma_pages: 64,
            trusted: true,
            ..DeviceGrant::default()
        };
        let blk = Server { name: "blk".into(), device: Some(grant), ..Server::default() };
        let shell = Server { name: "shell".into(), ..Server::default() };
        System { servers: vec![blk, shell], programs: vec![] }
    }

    #[test]
    fn a_line_is_read() {
        let driven = Driven {
            driver: "blk",
            id: BLOCK,
            class: [1, 0, 0],
            slot: DeviceSlot(0x20),
            vectors: 2,
            dma_pages: 64,
        };
        assert_eq!(parse_driven(LINE), Some(driven));
        assert_eq!(driven.to_string(), LINE);
        for line in ["", "shell -> names", "blk drives 1af4:1042", &LINE.replace("0:", "0")] {
            assert_eq!(parse_driven(line), None, "{line}");
        }
    }

    #[test]
    fn what_the_manifest_does_not_give_is_found() {
        let wrong = |line: &str| system().devices_not_allowed([line, "x -> y"].into_iter());
        assert!(wrong(LINE).is_empty());
        for (old, new, why) in [
            ("blk", "shell", "the manifest gives this driver no device"),
            ("1042", "1041", "the manifest gives this driver another device"),
            ("vectors 2", "vectors 3", "the manifest gives it fewer vectors"),
            ("dma 64", "dma 65", "the manifest gives it fewer pages for DMA"),
        ] {
            let line = LINE.replace(old, new);
            assert_eq!(wrong(&line), [alloc::format!("{line}: {why}")]);
        }
        let twice = system().devices_not_allowed([LINE, LINE].into_iter());
        assert_eq!(twice, [alloc::format!("{LINE}: it has two drivers")]);
    }
}
