//! A driver's first step.

use crate::{DeviceClient, DeviceInfo, PciClient, PciError};
use service::CallError;
use sys::{Endpoint, Failure};

/// An open device.
#[derive(Debug)]
pub struct Opened {
    /// The session. Dropping it gives the device back.
    pub device: DeviceClient,
    /// What the device is.
    pub info: DeviceInfo,
}

/// Opens the device of the calling server, as soon as it is reset. A driver without a device
/// ends here, with the status by which init gives it up: [`abi::EXIT_NO_DEVICE`], or
/// [`abi::EXIT_DEVICE_OWNED`] when another driver has it.
///
/// # Errors
/// All other errors, as text.
pub fn open(names: &Endpoint) -> Result<Opened, Failure> {
    let pci = PciClient::connect(names).map_err(|error| doing("connecting to pci", error))?;
    let opened = pci.ready().and_then(|()| pci.open());
    let (device, info) = opened.map_err(|error| {
        if let CallError::Service(error) = &error
            && let Some(status) = status(error)
        {
            sys::exit(status);
        }
        doing("opening the device", error)
    })?;
    Ok(Opened { device, info })
}

/// The exit status of a driver that cannot have its device.
fn status(error: &PciError) -> Option<u64> {
    match error {
        PciError::NoDevice { .. } => Some(abi::EXIT_NO_DEVICE),
        PciError::Owned { .. } => Some(abi::EXIT_DEVICE_OWNED),
        _ => None,
    }
}

fn doing(what: &str, error: impl core::fmt::Display) -> Failure {
    Failure::new(error).while_doing(what)
}
