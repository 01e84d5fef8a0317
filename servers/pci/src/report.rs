//! Lines of the log.

use crate::function::Function;
use manifest::DriverGrant;
use pci_api::{PciError, Slot};

/// A driver has a device, or none.
pub(crate) fn bound(driver: &DriverGrant, slot: Result<Slot, &PciError>) {
    #[cfg(target_os = "none")]
    match slot {
        Ok(slot) => {
            let slot = alloc::format!("{slot}");
            defmt::info!("{=str} drives {=str}", driver.name.as_str(), slot.as_str());
        }
        Err(why) => {
            let why = alloc::format!("{why}");
            defmt::warn!("{=str}: {=str}", driver.name.as_str(), why.as_str());
        }
    }
    #[cfg(not(target_os = "none"))]
    let _ = (driver, slot);
}

/// A driver asked for what it was not granted.
pub(crate) fn refused(driver: &str, slot: Slot, error: &PciError) {
    #[cfg(target_os = "none")]
    {
        let text = alloc::format!("{slot}: {error}");
        defmt::warn!("refused to {=str}: {=str}", driver, text.as_str());
    }
    #[cfg(not(target_os = "none"))]
    let _ = (driver, slot, error);
}

/// A vector of a driver was masked.
pub(crate) fn storm(driver: &DriverGrant, slot: Slot) {
    #[cfg(target_os = "none")]
    {
        let slot = alloc::format!("{slot}");
        let name = driver.name.as_str();
        defmt::warn!("interrupts without end from {=str} of {=str}: masked", slot.as_str(), name);
    }
    #[cfg(not(target_os = "none"))]
    let _ = (driver, slot);
}

/// BARs of a function that are not given out.
pub(crate) fn wild(function: &Function) {
    #[cfg(target_os = "none")]
    for (number, why) in &function.wild {
        let slot = alloc::format!("{}", function.slot);
        defmt::debug!("BAR {=u8} of {=str}: {=str}", *number, slot.as_str(), *why);
    }
    #[cfg(not(target_os = "none"))]
    let _ = function;
}
