//! The `device` of a driver, and what need not be written about it.

use super::draft::ServerDraft;
use super::section::{Placed, Section};
use crate::{ALL_BARS, ClassPrefix, DeviceGrant, DeviceId, DeviceSlot, OnRestart};
use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::vec::Vec;

/// The most vectors of a function. Source: PCI 3.0, section 6.8.2.3.
const VECTORS_MOST: u32 = 2048;
/// 1 GiB.
const DMA_PAGES_MOST: u32 = 1 << 18;

/// `device = { id, class, slot, bars, vectors, dma_pages, dma }`.
pub(super) fn device(section: &Section<'_>) -> Option<Placed<DeviceGrant>> {
    let inner = section.table("device")?;
    let ids = inner.text_or_texts("id");
    let ids = ids.iter().filter_map(|id| read(&inner, "id", "1af4:1042", id, DeviceId::parse));
    let class = inner.text("class");
    let class = class.and_then(|text| read(&inner, "class", "0108", &text, ClassPrefix::parse));
    let slot = inner.text("slot");
    let slot = slot.and_then(|text| read(&inner, "slot", "00:04.0", &text, DeviceSlot::parse));
    let grant = DeviceGrant {
        ids: ids.collect(),
        class,
        slot,
        bars: bars(&inner),
        vectors: u16::try_from(inner.small("vectors", 0..=VECTORS_MOST, Some(0))).unwrap_or(0),
        dma_pages: inner.small("dma_pages", 0..=DMA_PAGES_MOST, Some(0)),
        trusted: trusted(&inner),
    };
    inner.finish();
    if !["id", "class", "slot"].iter().any(|key| inner.has(key)) {
        inner.problem(inner.at, "it names no device; add `id`, `class` or `slot`");
    }
    if grant.dma_pages > 0 && !inner.has("dma") {
        let text = "it has `dma_pages` but not `dma`; there is no IOMMU, so the device reaches \
                    all memory: say `dma = \"trusted\"` if you trust the driver";
        inner.problem(inner.at, text);
    }
    Some(Placed { value: grant, at: inner.at })
}

fn read<T>(
    section: &Section<'_>,
    key: &str,
    example: &str,
    text: &Placed<String>,
    parse: fn(&str) -> Option<T>,
) -> Option<T> {
    let found = parse(&text.value);
    if found.is_none() {
        let text_value = &text.value;
        section
            .problem(text.at, &format!("`{key}` is `{text_value}`, but must be like `{example}`"));
    }
    found
}

/// `bars = "all"` or a list of numbers; none where the key is not there.
fn bars(section: &Section<'_>) -> u8 {
    let numbers = section.word_or_numbers("bars", "all", 0..=5);
    match numbers {
        None => ALL_BARS,
        Some(numbers) => numbers.iter().fold(0, |bars, number| bars | 1 << number),
    }
}

fn trusted(section: &Section<'_>) -> bool {
    let Some(dma) = section.text("dma") else { return false };
    let trusted = dma.value == "trusted";
    if !trusted {
        let value = &dma.value;
        section.problem(dma.at, &format!("`dma` is `{value}`, but can only be `trusted`"));
    }
    trusted
}

/// A driver is a client of the bus server, depends on it, and starts again after it.
pub(super) fn complete(servers: &mut [ServerDraft]) {
    let Some(bus) = servers.iter().position(|it| it.server.bus) else { return };
    let name = servers[bus].server.name.clone();
    let mut drivers: Vec<Placed<String>> = Vec::new();
    for it in servers.iter_mut() {
        let Some(at) = it.device_at.filter(|_| it.server.name != name) else { continue };
        drivers.push(Placed { value: it.server.name.clone(), at });
        if !it.depends.iter().any(|named| named.value == name) {
            it.server.depends.push(name.clone());
            it.depends.push(Placed { value: name.clone(), at });
        }
        if it.server.on_restart == OnRestart::Nothing {
            it.server.on_restart = OnRestart::Restart;
        }
    }
    let bus = &mut servers[bus];
    for driver in drivers {
        if !bus.clients.iter().any(|client| client.value == driver.value) {
            bus.server.clients.push(driver.value.to_owned());
            bus.clients.push(driver);
        }
    }
}
