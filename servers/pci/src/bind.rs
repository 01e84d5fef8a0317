//! Which function each driver gets, and how much of it.

use crate::config::ConfigSpace;
use crate::function::Function;
use crate::windows;
use alloc::string::ToString;
use alloc::vec::Vec;
use manifest::{DeviceId, DeviceSlot, DriverGrant};
use pci_api::{DeviceInfo, PciError};

/// Returns for each driver the place of its function in the list. Earlier drivers choose first;
/// each takes the first function that matches and is free.
pub fn bind(drivers: &[DriverGrant], functions: &[Function]) -> Vec<Result<usize, PciError>> {
    let mut bound: Vec<Result<usize, PciError>> = Vec::new();
    for driver in drivers {
        let owner = |place: usize| {
            let owned = bound.iter().position(|it| *it == Ok(place));
            owned.and_then(|index| drivers.get(index))
        };
        let matching = || {
            let numbered = functions.iter().enumerate();
            numbered.filter(|(_, it)| matches(driver, it)).map(|(place, _)| place)
        };
        let free = matching().find(|place| owner(*place).is_none());
        let device = driver.grant.to_string();
        let found = free.ok_or_else(|| match matching().find_map(owner) {
            Some(owner) => PciError::Owned { device, driver: owner.name.clone() },
            None => PciError::NoDevice { device },
        });
        bound.push(found);
    }
    bound
}

fn matches(driver: &DriverGrant, function: &Function) -> bool {
    let id = DeviceId { vendor: function.id.vendor, device: function.id.device };
    let slot = DeviceSlot(function.slot.0);
    !function.is_bridge() && driver.grant.matches(id, function.class.0, slot)
}

/// What a driver is told; the number of vectors is that of the grant.
pub fn info(
    driver: &DriverGrant,
    function: &Function,
    all: &[Function],
    config: &dyn ConfigSpace,
) -> DeviceInfo {
    let alone = windows::alone(function, all, config).into_iter();
    let granted = alone.filter(|bar| driver.grant.bars & 1 << bar.number != 0);
    let bars: Vec<_> = granted.map(|bar| windows::windows(function, bar)).collect();
    let mut info = DeviceInfo {
        slot: function.slot,
        id: function.id,
        subsystem: function.subsystem,
        class: function.class,
        revision: function.revision,
        vectors: driver.grant.vectors,
        dma_pages: if driver.grant.trusted { driver.grant.dma_pages } else { 0 },
        capabilities: function.capabilities.clone(),
        virtio: Vec::new(),
        bars,
    };
    let virtio = function
        .virtio
        .iter()
        .filter(|it| info.place(it.bar, it.offset.into(), it.length.into()).is_some());
    info.virtio = virtio.copied().collect();
    info
}
